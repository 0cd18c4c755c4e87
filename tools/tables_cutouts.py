"""The tables of what follows the network: edges, mattes, stages, clips."""

from pnet_tf_tools.results import MULTICLASS, OURS, SELFIE, SETS, markdown, read, scored, short, source

WAYS = {"off": "frame by frame", "light": "`light`", "strong": "`strong`", "mediapipe_0.7": "MediaPipe's way, 0.7"}
"""How masks are held, by the names that results have."""


def refined() -> str:
    """What an edge that follows the photo changes, ours and the peers', on each labelled set."""
    columns = [*OURS, SELFIE, MULTICLASS]
    rows = []
    for name, words in {**SETS, "hsd": "people anywhere, all"}.items():
        plain_name = "hsd-all" if name == "hsd" else name
        plain, with_edges = scored(plain_name), scored(f"{plain_name}-refined")
        gains = [
            " / ".join(
                f"{100 * (with_edges[model]['photo_size'][one] - plain[model]['photo_size'][one]):+.2f}"
                for one in ("foreground_iou", "boundary_iou")
            )
            for model in columns
        ]
        rows.append([f"{words}, {read(plain_name)['photos']}", *gains])
    heading = ["photos, number", "`portraitnet`", "`portraitnet-lite`", "MediaPipe selfie", "Google multiclass, 16 MB"]
    return markdown(heading, rows) + source(*(f"{name}-refined" for name in SETS if name != "hsd"), "hsd-all-refined")


def mattes() -> str:
    """The matting errors after each stage behind the network, on composites of known opacity."""
    words = {
        "probability": "the network's answer, enlarged",
        "opacity": "doubt to 0 and 1, no crumbs",
        "edge": "the edge follows the photo",
    }
    measures = {"sad": "SAD", "mse": "MSE", "gradient_error": "gradient", "connectivity_error": "connectivity"}
    found, rows = read("mattes")["stages"], []
    for stage, told in words.items():
        figures = [
            f"{found[model][stage][one]:.4f}" if one == "mse" else f"{found[model][stage][one]:.1f}"
            for model in OURS
            for one in measures
        ]
        rows.append([told, *figures])
    rim = found[OURS[0]]["colours"]
    last = (
        "\nColours at the edge, where opacity is between 0 and 1, are off by "
        f"{rim['rim_colour_error_photo']:.1f} of 255 as the photo has them, "
        f"by {rim['rim_colour_error_own']:.1f} as the person's own.\n"
    )
    heading = ["after", *(f"`{model}`, {one}" for model in OURS for one in measures.values())]
    return markdown(heading, rows) + last + source("mattes")


def stages() -> str:
    """CPU milliseconds of what follows the network, by stage and by finished picture."""
    before = {"opacity": "opacity", "refine": "edge", "colours": "colours"}
    finished = {"blur": "blur", "colour": "a colour", "cut_out": "transparent"}
    rows = []
    for one in read("stages")["stages"]:
        shared = sum(one[name] for name in before)
        figures = [one[name] for name in before] + [shared + one[name] for name in finished]
        rows.append([f"{one['width']} × {one['height']}", *(f"{figure:.1f}" for figure in figures)])
    heading = ["photo", *before.values(), *(f"all, {words}" for words in finished.values())]
    return markdown(heading, rows) + f"\n{read('stages')['processor']['name']}, one thread.\n" + source("stages")


def steadiness() -> str:
    """How still masks hold in the clip of a talking head, by what holds them."""
    models = read("carphone")["models"]
    rows = []
    for way, words in WAYS.items():
        cells = []
        for one in models:
            figures = one["ways"][way]
            cells.append(f"{100 * figures['side_changes']:.2f} / {100 * figures['mean_change']:.2f}")
        rows.append([words, *cells])
    heading = ["`--steady`", *(f"`{short(one['model'])}`" for one in models)]
    return markdown(heading, rows)


def motion() -> str:
    """IoU to the truth on clips of free pictures, frame by frame and held."""
    found = read("motion")["clips"]
    rows = [
        [words, *(f"{100 * found[model][words][way]['iou']:.2f}" for model in OURS for way in WAYS)]
        for words in found[OURS[0]]
    ]
    heading = ["clip", *(f"`{model}`, {words}" for model in OURS for words in WAYS.values())]
    return markdown(heading, rows)


def clip() -> str:
    """Frames a second and CPU time by stage of a 720p clip."""
    found = read("clip")["models"]
    stages = list(next(iter(found.values()))["milliseconds"])
    rows = [
        [f"`{model}`", f"{one['frames_per_second']:.0f}", *(f"{one['milliseconds'][stage]:.1f}" for stage in stages)]
        for model, one in found.items()
    ]
    return markdown(["model", "frames a second", *stages], rows) + source("carphone", "motion", "clip")


def web() -> str:
    """Frames a second and milliseconds by stage in the browser, ours beside MediaPipe's."""
    found = read("web")
    rows = [
        [
            name.removesuffix("-int8"),
            f"{one['frames_per_second']:.0f}",
            *(f"{one['milliseconds'][stage]:.1f}" for stage in ("read", "network", "mask", "draw", "all")),
            f"{one['first_load_bytes'] / 1e6:.1f}",
            f"{one['first_mask_ms'] / 1e3:.1f}",
        ]
        for name, one in found["models"].items()
    ]
    heading = [
        "model",
        "frames a second",
        "read",
        "network",
        "mask",
        "draw",
        "all, ms",
        "first load, MB",
        "first mask, s",
    ]
    return markdown(heading, rows) + source("web")


TABLES = {one.__name__: one for one in (refined, mattes, stages, steadiness, motion, clip, web)}
