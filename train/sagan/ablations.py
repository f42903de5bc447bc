"""The paper's own questions at a small equal budget: what do attention, spectral norm and two learning rates bring?

    python -m train.sagan.ablations --data ../shared/data/sagan --features runs/features-32.pt --kimg 30

Trains every variant at 32 px, narrow, from the same seed, with FID (own features) over the images seen, and writes
`ablations.json`, `ablations.png` and the table between the two ablation marks of `sagan.md` in `--out`. A variant
whose run is whole already is not run again, so the command can be stopped and repeated.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib

from train.sagan import train
from train.training import TrainingError, run_command

BASE = ["--resolution", "32", "--width", "16", "--batch", "32", "--lr-g", "1e-4", "--lr-d", "4e-4", "--cut", "0"]
VARIANTS: dict[str, list[str]] = {
    "paper's choices, attention at 16": [],
    "no attention": ["--attention-g", "0", "--attention-d", "0"],
    "attention at 8": ["--attention-g", "8", "--attention-d", "8"],
    "attention at 32 in G, 16 in D": ["--attention-g", "32"],
    "spectral norm in D alone": ["--norm-g", "false"],
    "no spectral norm": ["--norm-g", "false", "--norm-d", "false"],
    "equal learning rates, 2e-4": ["--lr-g", "2e-4", "--lr-d", "2e-4"],
}
START, END = "<!-- ablations -->", "<!-- end of ablations -->"


def run_variant(name: str, options: list[str], args: argparse.Namespace) -> dict[str, Any]:
    """Trains one variant, unless that was done; returns {"images": [...], "fid": [...], "gamma": last}."""
    folder_name = "".join(c if c.isalnum() else "-" for c in name)
    base = [*BASE, "--attention-g", "16", "--attention-d", "16", *options]
    common = ["--data", str(args.data), "--features", str(args.features), "--runs", str(args.runs)]
    pace = ["--kimg", str(args.kimg), "--fid-kimg", str(args.kimg / args.points), "--log-kimg", str(args.kimg / 20)]
    done = [p for p in sorted(args.runs.glob(f"*-{folder_name}")) if len(curve(p)["images"]) >= args.points]
    try:
        folder = done[-1] if done else train.main([*base, *common, *pace, "--name", folder_name])
    except TrainingError as error:  # a variant may well diverge: that is a result
        print(f"{name}: {error}")
        folder = sorted(args.runs.glob(f"*-{folder_name}"))[-1]
    return curve(folder)


def curve(folder: Path) -> dict[str, Any]:
    """FID over the images seen, and the last gamma of G, from a run's statistics."""
    stats = folder / "stats.jsonl"
    lines = [json.loads(line) for line in stats.read_text(encoding="utf-8").splitlines()] if stats.is_file() else []
    fids = [line for line in lines if "fid_own_features" in line]
    gammas = [line["gamma_g"] for line in lines if "gamma_g" in line]
    return {
        "images": [line["images"] for line in fids],
        "fid": [line["fid_own_features"] for line in fids],
        "gamma": gammas[-1] if gammas else [],
    }


def table(results: dict[str, dict[str, Any]], kimg: float) -> str:
    """The results in Markdown."""
    lines = [
        f"32 px, width 16, batch 32, {kimg:g} thousand pictures, one seed: differences of a few per cent mean nothing.",
        "",
        "| variant | FID (own features) at the end | best | gamma in G |",
        "|---|---|---|---|",
    ]
    for name, result in results.items():
        fids = [f for f in result["fid"] if f is not None]
        gamma = ", ".join(f"{g:.3f}" for g in result["gamma"]) or "-"
        figures = f"{fids[-1]:.2f} | {min(fids):.2f}" if fids else "diverged | diverged"
        lines.append(f"| {name} | {figures} | {gamma} |")
    return "\n".join(lines)


def plot(results: dict[str, dict[str, Any]], path: Path) -> None:
    """FID over images seen, one line for each variant."""
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, result in results.items():
        axes.plot([n / 1000 for n in result["images"]], result["fid"], marker="o", markersize=3, label=name)
    axes.set_xlabel("thousand pictures seen")
    axes.set_ylabel("FID (own features)")
    axes.set_yscale("log")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def insert(text: str, content: str) -> str:
    """The text with what stands between the marks replaced, or with marks and content added at its end."""
    block = f"{START}\n{content}\n{END}"
    if START in text and END in text:
        return text[: text.index(START)] + block + text[text.index(END) + len(END) :]
    return text.rstrip() + f"\n\n## Ablations\n\n{block}\n"


def main(argv: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder of class folders")
    parser.add_argument("--features", type=Path, required=True, help="a classifier trained at 32 px")
    parser.add_argument("--kimg", type=float, default=30.0, help="budget of each variant, thousand pictures")
    parser.add_argument("--points", type=int, default=6, help="times that FID is measured")
    parser.add_argument("--only", nargs="*", help="names of variants; all by default")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--out", type=Path, default=Path("docs/results"))
    args, extra = parser.parse_known_args(argv)
    unknown = [name for name in args.only or [] if name not in VARIANTS]
    if unknown:
        raise TrainingError(f"There is no variant {unknown[0]}: there are {'; '.join(VARIANTS)}.")
    results = {}
    for name, options in VARIANTS.items():
        if args.only and name not in args.only:
            continue
        results[name] = run_variant(name, [*options, *extra], args)
        print(f"{name}: FID {results[name]['fid']}", flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "ablations.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    plot(results, args.out / "ablations.png")
    report = args.out / "sagan.md"
    text = report.read_text(encoding="utf-8") if report.is_file() else "# Results\n"
    content = table(results, args.kimg) + "\n\n![FID over pictures seen](ablations.png)"
    report.write_text(insert(text, content), encoding="utf-8")
    return results


if __name__ == "__main__":
    run_command(main)
