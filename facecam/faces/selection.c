/* facecam.faces.selection: from a network's output to the faces of a frame, in one call.

`_select_arrays` in facecam/faces/boxes.py does the same where this was not compiled. Right after a network has run, no
code is in the processor's caches: these few kilobytes come back faster than some 50 functions of numpy
(docs/adr/0012-compiled-selection.md). */

#define Py_LIMITED_API 0x030B0000 /* one build for Python 3.11 and all later versions */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <float.h>
#include <math.h>

#define MOST 750 /* faces in a frame (the paper's number) */
#define GROUP 16 /* so many kept boxes are compared at once, by vector instructions; MOST is rounded up to it */
#define ROOM ((MOST + GROUP - 1) / GROUP * GROUP)
#define FIRST_ROOM 256

typedef struct {
    float score;
    Py_ssize_t anchor;
} Candidate;

typedef struct {
    float left[ROOM], top[ROOM], right[ROOM], bottom[ROOM], area[ROOM];
} Boxes;

static float value(const Py_buffer *array, Py_ssize_t row, Py_ssize_t column) {
    const char *start = (const char *)array->buf + row * array->strides[0];
    return *(const float *)(array->ndim == 1 ? start : start + column * array->strides[1]);
}

/* Of equal scores the first is better. */
static int better(Candidate one, Candidate other) {
    return one.score > other.score || (one.score == other.score && one.anchor < other.anchor);
}

/* Puts a candidate at a place of the heap, or below it; the best one is at place 0. */
static void sink(Candidate *heap, Py_ssize_t count, Py_ssize_t place, Candidate candidate) {
    for (Py_ssize_t child; (child = 2 * place + 1) < count; place = child) {
        if (child + 1 < count && better(heap[child + 1], heap[child]))
            child++;
        if (!better(heap[child], candidate))
            break;
        heap[place] = heap[child];
    }
    heap[place] = candidate;
}

/* All candidates from the threshold on, as a heap; how many, or -1 with MemoryError. The caller frees it. */
static Py_ssize_t passing(const Py_buffer *scores, float threshold, int logits, Candidate **heap) {
    Py_ssize_t count = 0, room = 0;
    for (Py_ssize_t anchor = 0; anchor < scores->shape[0]; anchor++) {
        float score = value(scores, anchor, 0);
        if (!(score >= threshold))
            continue;
        if (count == room) {
            room = room ? 2 * room : FIRST_ROOM;
            Candidate *larger = PyMem_Realloc(*heap, room * sizeof(Candidate));
            if (larger == NULL) {
                PyErr_NoMemory();
                return -1;
            }
            *heap = larger;
        }
        (*heap)[count++] = (Candidate){logits ? 1 / (float)(1 + exp(-(double)score)) : score, anchor};
    }
    for (Py_ssize_t place = count / 2; place-- > 0;)
        sink(*heap, count, place, (*heap)[place]);
    return count;
}

/* Whether a box overlaps one of the kept by more than `iou`. */
static int overlaps(const Boxes *kept, Py_ssize_t count, const float *box, float area, float iou) {
    for (Py_ssize_t group = 0; group < count; group += GROUP) {
        int found = 0;
        for (Py_ssize_t other = group; other < group + GROUP; other++) {
            float left = kept->left[other] > box[0] ? kept->left[other] : box[0];
            float top = kept->top[other] > box[1] ? kept->top[other] : box[1];
            float right = kept->right[other] < box[2] ? kept->right[other] : box[2];
            float bottom = kept->bottom[other] < box[3] ? kept->bottom[other] : box[3];
            float width = right - left, height = bottom - top;
            float overlap = (width > 0 ? width : 0) * (height > 0 ? height : 0);
            found |= overlap > iou * (kept->area[other] + area - overlap);
        }
        if (found)
            return 1;
    }
    return 0;
}

/* A box in the anchors' pixels, by the SSD box coding. Whether it is one: a bad model may give anything. */
static int decode(const Py_buffer *offsets, const Py_buffer *anchors, Py_ssize_t anchor, double near, double far,
                  float *box) {
    double centre[2], half[2], reach = 0;
    for (int axis = 0; axis < 2; axis++) {
        double side = value(anchors, anchor, axis + 2);
        centre[axis] = value(anchors, anchor, axis) + value(offsets, anchor, axis) * near * side;
        half[axis] = exp(value(offsets, anchor, axis + 2) * far) * side / 2;
        box[axis] = (float)(centre[axis] - half[axis]);
        box[axis + 2] = (float)(centre[axis] + half[axis]);
        reach += fabs(centre[axis]) + half[axis];
    }
    return reach < FLT_MAX;
}

/* Greedy non-maximum suppression of the best candidates; how many of them stay. */
static Py_ssize_t suppress(Candidate *heap, Py_ssize_t count, Py_ssize_t most, const Py_buffer *offsets,
                           const Py_buffer *anchors, double near, double far, float iou, Boxes *kept, float *scores) {
    Py_ssize_t stay = 0;
    for (Py_ssize_t taken = 0; taken < most && count > 0 && stay < MOST; taken++) {
        Candidate best = heap[0], last = heap[--count];
        sink(heap, count, 0, last);
        float box[4];
        if (!decode(offsets, anchors, best.anchor, near, far, box))
            continue;
        float area = (box[2] - box[0]) * (box[3] - box[1]);
        if (overlaps(kept, stay, box, area, iou))
            continue;
        if (stay % GROUP == 0)
            for (int other = 0; other < GROUP; other++) { /* what no box fills must overlap none */
                kept->left[stay + other] = kept->top[stay + other] = FLT_MAX;
                kept->right[stay + other] = kept->bottom[stay + other] = kept->area[stay + other] = 0;
            }
        kept->left[stay] = box[0], kept->top[stay] = box[1], kept->right[stay] = box[2], kept->bottom[stay] = box[3];
        kept->area[stay] = area, scores[stay++] = best.score;
    }
    return stay;
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

static float within(float edge, float end) { return edge < 0 ? 0 : edge > end ? end : edge; }

static PyObject *select_faces(PyObject *module, PyObject *arguments) {
    PyObject *offsets_array, *scores_array, *anchors_array, *found_array;
    int logits;
    double near, far;
    float threshold, iou, across, down;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(arguments, "OOpOddfnfffO:select", &offsets_array, &scores_array, &logits, &anchors_array,
                          &near, &far, &threshold, &most, &iou, &across, &down, &found_array))
        return NULL;
    Py_buffer offsets = {0}, scores = {0}, anchors = {0}, found = {0};
    Candidate *heap = NULL;
    PyObject *result = NULL;
    if (open_array(scores_array, 0, 0, PyBUF_STRIDED_RO, &scores) &&
        open_array(offsets_array, scores.shape[0], 4, PyBUF_STRIDED_RO, &offsets) &&
        open_array(anchors_array, scores.shape[0], 4, PyBUF_STRIDED_RO, &anchors) &&
        open_array(found_array, MOST, 5, PyBUF_CONTIG, &found)) {
        Py_ssize_t count = passing(&scores, threshold, logits, &heap);
        if (count >= 0) {
            Boxes kept;
            float kept_scores[ROOM], *row = found.buf;
            Py_ssize_t stay = suppress(heap, count, most, &offsets, &anchors, near, far, iou, &kept, kept_scores);
            for (Py_ssize_t place = 0; place < stay; place++) {
                row[0] = within(kept.left[place], across), row[1] = within(kept.top[place], down);
                row[2] = within(kept.right[place], across), row[3] = within(kept.bottom[place], down);
                row[4] = kept_scores[place];
                if (row[2] > row[0] && row[3] > row[1])
                    row += 5;
            }
            result = PyLong_FromSsize_t((row - (float *)found.buf) / 5);
        }
    }
    PyMem_Free(heap);
    PyBuffer_Release(&offsets); /* does nothing where an array was not opened */
    PyBuffer_Release(&scores);
    PyBuffer_Release(&anchors);
    PyBuffer_Release(&found);
    return result;
}

static PyMethodDef functions[] = {{"select", select_faces, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "selection", NULL, 0, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_selection(void) { return PyModuleDef_Init(&definition); }
