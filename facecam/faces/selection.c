/* facecam.faces.selection: from a network's output to the faces of a frame, in one call.

`_select_arrays` in facecam/faces/boxes.py does the same where this was not compiled. Right after a network has run, no
code is in the processor's caches: these few kilobytes come back faster than some 50 functions of numpy
(docs/adr/0012-compiled-selection.md). */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and all later versions */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define MOST 750 /* faces in a frame (the paper's number) */
#define GROUP 16 /* so many kept boxes are compared at once, by vector instructions; MOST is rounded up to it */
#define ROOM ((MOST + GROUP - 1) / GROUP * GROUP)
#define FIRST_ROOM 256
#define NEIGHBOURS 16
#define LIKELY 64

typedef struct {
    float left[ROOM], top[ROOM], right[ROOM], bottom[ROOM], area[ROOM], score[ROOM];
    float votes[ROOM], moves[4][ROOM]; /* the sum of its voters' scores, and of their edges' distances by these */
} Boxes;

typedef struct {
    float left, top, right, bottom;
} Box;

typedef struct {
    float score;
    int place; /* of its box, in the order of anchors */
} Ranked;

typedef struct {
    Py_ssize_t count, room;
    Box *boxes;
    Ranked *ranked; /* with as much room again behind it, for sorting */
} Candidates;

static float value(const Py_buffer *array, Py_ssize_t row, Py_ssize_t column) {
    const char *start = (const char *)array->buf + row * array->strides[0];
    return *(const float *)(array->ndim == 1 ? start : start + column * array->strides[1]);
}

/* An anchor's box, by the SSD box coding. Whether it is one: a bad model may give anything. */
static int decode(const Py_buffer *offsets, const Py_buffer *anchors, Py_ssize_t anchor, double centre_scale,
                  double size_scale, Box *box) {
    double width = value(anchors, anchor, 2), height = value(anchors, anchor, 3);
    double x = value(anchors, anchor, 0) + value(offsets, anchor, 0) * centre_scale * width;
    double y = value(anchors, anchor, 1) + value(offsets, anchor, 1) * centre_scale * height;
    double across = exp(value(offsets, anchor, 2) * size_scale) * width / 2;
    double down = exp(value(offsets, anchor, 3) * size_scale) * height / 2;
    *box = (Box){(float)(x - across), (float)(y - down), (float)(x + across), (float)(y + down)};
    return fabs(x) + fabs(y) + across + down < FLT_MAX;
}

static int make_room(Candidates *all) {
    all->room = all->room ? 2 * all->room : FIRST_ROOM;
    Box *boxes = PyMem_Realloc(all->boxes, all->room * sizeof(Box));
    if (boxes)
        all->boxes = boxes;
    Ranked *ranked = PyMem_Realloc(all->ranked, 2 * all->room * sizeof(Ranked));
    if (ranked)
        all->ranked = ranked;
    return boxes && ranked;
}

static int score_byte(Ranked one, int byte) {
    uint32_t bits;
    memcpy(&bits, &one.score, sizeof(bits));
    return bits >> 8 * byte & 255;
}

/* All candidates from the threshold on. They are decoded in the order of anchors: from the best to the worst, each would
wait for memory. 0 where that is not enough. */
static int collect(const Py_buffer *offsets, const Py_buffer *scores, int logits, const Py_buffer *anchors,
                   double centre_scale, double size_scale, float threshold, Candidates *all) {
    for (Py_ssize_t anchor = 0; anchor < scores->shape[0]; anchor++) {
        float score = value(scores, anchor, 0);
        if (!(score >= threshold))
            continue;
        if (all->count == all->room && !make_room(all))
            return 0;
        if (!decode(offsets, anchors, anchor, centre_scale, size_scale, &all->boxes[all->count]))
            continue;
        score = logits ? 1 / (float)(1 + exp(-(double)score)) : score + 0.0f; /* -0 becomes 0, for sorting */
        all->ranked[all->count] = (Ranked){score, (int)all->count};
        all->count++;
    }
    return 1;
}

/* The best first; of equal scores, the first. A radix sort, byte by byte: floats that are not negative are in the order
of their bits. Comparing would take twice as long, as it can't be told beforehand how each comparison ends. */
static const Ranked *sort(Candidates *all) {
    Ranked *from = all->ranked, *to = all->ranked + all->room;
    Py_ssize_t starts[4][256] = {{0}};
    for (Py_ssize_t rank = 0; rank < all->count; rank++)
        for (int byte = 0; byte < 4; byte++)
            starts[byte][score_byte(from[rank], byte)]++;
    for (int byte = 0; byte < 4; byte++) {
        Py_ssize_t start = 0;
        for (int value = 255; value >= 0; value--) {
            Py_ssize_t count = starts[byte][value];
            starts[byte][value] = start, start += count;
        }
        for (Py_ssize_t rank = 0; rank < all->count; rank++)
            to[starts[byte][score_byte(from[rank], byte)]++] = from[rank];
        Ranked *sorted = to;
        to = from, from = sorted;
    }
    return from;
}

/* The first group, from one to before another place, with a kept box that overlaps by more than `iou`; -1 if none.
`near` becomes the place of one in there that overlaps by more than `same`, or -1. */
static Py_ssize_t find(const Boxes *kept, Py_ssize_t group, Py_ssize_t end, Box box, float area, float iou, float same,
                       Py_ssize_t *near) {
    for (; group < end; group += GROUP) {
        int found = 0, last = -1;
        for (int lane = 0; lane < GROUP; lane++) {
            Py_ssize_t other = group + lane;
            float left = kept->left[other] > box.left ? kept->left[other] : box.left;
            float top = kept->top[other] > box.top ? kept->top[other] : box.top;
            float right = kept->right[other] < box.right ? kept->right[other] : box.right;
            float bottom = kept->bottom[other] < box.bottom ? kept->bottom[other] : box.bottom;
            float width = right - left, height = bottom - top;
            float overlap = (width > 0 ? width : 0) * (height > 0 ? height : 0);
            float both = kept->area[other] + area - overlap;
            found |= overlap > iou * both;
            int lane_if = overlap > same * both ? lane : -1;
            last = lane_if > last ? lane_if : last;
        }
        if (found) {
            *near = last < 0 ? -1 : group + last;
            return group;
        }
    }
    return -1;
}

static void keep(Boxes *kept, Py_ssize_t place, Box box, float area, float score) {
    if (place % GROUP == 0)
        for (Py_ssize_t other = place; other < place + GROUP; other++) { /* what no box fills must overlap none */
            kept->left[other] = kept->top[other] = FLT_MAX;
            kept->right[other] = kept->bottom[other] = kept->area[other] = 0;
        }
    kept->left[place] = box.left, kept->top[place] = box.top, kept->right[place] = box.right;
    kept->bottom[place] = box.bottom, kept->area[place] = area, kept->score[place] = kept->votes[place] = score;
    for (int edge = 0; edge < 4; edge++)
        kept->moves[edge][place] = 0;
}

/* A box that is dropped draws the kept one that it nearly is its way, if it has such a share of its score. */
static void vote(Boxes *kept, Py_ssize_t near, Box box, float score, float share) {
    if (score < share * kept->score[near])
        return;
    kept->votes[near] += score;
    kept->moves[0][near] += score * (box.left - kept->left[near]);
    kept->moves[1][near] += score * (box.top - kept->top[near]);
    kept->moves[2][near] += score * (box.right - kept->right[near]);
    kept->moves[3][near] += score * (box.bottom - kept->bottom[near]);
}

static float within(float edge, float end) { return edge < 0 ? 0 : edge > end ? end : edge; }

/* Greedy non-maximum suppression of the best candidates, and box voting (Gidaris and Komodakis 2015, section 4). Fills
rows with what stays and lies in the frame, clipped to it; returns how many. */
static Py_ssize_t suppress(Candidates *all, Py_ssize_t most, float iou, float share, float across, float down,
                           float (*rows)[5]) {
    Boxes kept;
    Py_ssize_t stay = 0, count = 0, groups[LIKELY] = {0};
    float same = (1 + iou) / 2; /* who overlaps one of the kept by more does so with no other */
    const Ranked *ranked = sort(all);
    for (Py_ssize_t rank = 0; rank < most && rank < all->count; rank++) {
        Ranked best = ranked[rank];
        Box box = all->boxes[best.place];
        float area = (box.right - box.left) * (box.bottom - box.top);
        /* Neighbours mostly go for the same box, so that its group is tried first. */
        Py_ssize_t *likely = &groups[best.place / NEIGHBOURS % LIKELY];
        Py_ssize_t near = -1, group = find(&kept, *likely, *likely + (stay > 0), box, area, iou, same, &near);
        if (group < 0)
            group = find(&kept, 0, stay, box, area, iou, same, &near);
        if (group >= 0) {
            if (near < 0 && stay > GROUP)
                find(&kept, 0, stay, box, area, same, same, &near);
            if (near >= 0)
                vote(&kept, near, box, best.score, share);
        } else if (stay < MOST) {
            *likely = stay / GROUP * GROUP;
            keep(&kept, stay++, box, area, best.score);
        }
    }
    for (Py_ssize_t place = 0; place < stay; place++) {
        float *row = rows[count], votes = kept.votes[place] > FLT_MIN ? kept.votes[place] : FLT_MIN;
        row[0] = within(kept.left[place] + kept.moves[0][place] / votes, across);
        row[1] = within(kept.top[place] + kept.moves[1][place] / votes, down);
        row[2] = within(kept.right[place] + kept.moves[2][place] / votes, across);
        row[3] = within(kept.bottom[place] + kept.moves[3][place] / votes, down);
        row[4] = kept.score[place];
        count += row[2] > row[0] && row[3] > row[1];
    }
    return count;
}

/* Opens a float array (rows or more, columns), or (rows,) for 0 columns. */
static int open_array(PyObject *array, Py_ssize_t rows, int columns, int flags, Py_buffer *view) {
    if (PyObject_GetBuffer(array, view, flags) < 0)
        return 0;
    if (view->ndim == (columns ? 2 : 1) && view->itemsize == sizeof(float) && view->shape[0] >= rows &&
        (!columns || view->shape[1] == columns))
        return 1;
    PyBuffer_Release(view);
    PyErr_SetString(PyExc_ValueError, "an array is of another shape or kind than select() takes");
    return 0;
}

static PyObject *select_faces(PyObject *module, PyObject *arguments) {
    PyObject *offsets_array, *scores_array, *anchors_array, *found_array;
    int logits;
    double centre_scale, size_scale;
    float threshold, iou, share, across, down;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(arguments, "OOpOddfnffffO:select", &offsets_array, &scores_array, &logits, &anchors_array,
                          &centre_scale, &size_scale, &threshold, &most, &iou, &share, &across, &down, &found_array))
        return NULL;
    Py_buffer offsets = {0}, scores = {0}, anchors = {0}, found = {0};
    Candidates all = {0};
    PyObject *result = NULL;
    if (open_array(scores_array, 0, 0, PyBUF_STRIDED_RO, &scores) &&
        open_array(offsets_array, scores.shape[0], 4, PyBUF_STRIDED_RO, &offsets) &&
        open_array(anchors_array, scores.shape[0], 4, PyBUF_STRIDED_RO, &anchors) &&
        open_array(found_array, MOST, 5, PyBUF_CONTIG, &found)) {
        if (collect(&offsets, &scores, logits, &anchors, centre_scale, size_scale, threshold, &all))
            result = PyLong_FromSsize_t(suppress(&all, most, iou, share, across, down, found.buf));
        else
            PyErr_NoMemory();
    }
    PyMem_Free(all.boxes);
    PyMem_Free(all.ranked);
    PyBuffer_Release(&offsets); /* does nothing where an array was not opened */
    PyBuffer_Release(&scores);
    PyBuffer_Release(&anchors);
    PyBuffer_Release(&found);
    return result;
}

static PyMethodDef functions[] = {{"select", select_faces, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "selection", NULL, 0, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_selection(void) { return PyModuleDef_Init(&definition); }
