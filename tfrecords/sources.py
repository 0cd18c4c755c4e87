"""What a data set's folder holds: each source lists its photos, and each photo's mask.

Listing looks at names (and at annotations for their classes); the content is read later, by `prepare`.
"""

import dataclasses
import pathlib

from pnet_tf.errors import InputError
from pnet_tf.pictures import header
from tfrecords import coco as instances
from tfrecords import masks

IMAGES, LABELS = "Images", "Labels"
PERSON = "person"


@dataclasses.dataclass(frozen=True)
class Item:
    """One photo on disk; without a mask, a teacher draws it.

    Attributes:
      left_out: what of its labels is not in the mask, in words.
      fault: why no record can be made of it, as far as names tell; `prepare` refuses it with that.
    """

    id: str
    source: str
    photo: pathlib.Path
    mask: masks.Mask | None
    left_out: tuple[str, ...] = ()
    fault: str = ""


@dataclasses.dataclass(frozen=True)
class Options:
    """What some sources can be told.

    Attributes:
      images, labels: names of the sub-folders (folder, eg1800).
      mask_values: one of masks.CONVENTIONS (folder).
      classes: class names that count as foreground (supervisely: by default those that start with "person"; coco: by
        default "person").
      coco_json: a COCO instances file (coco, coco_negatives).
    """

    images: str = IMAGES
    labels: str = LABELS
    mask_values: str = "auto"
    classes: tuple[str, ...] = ()
    coco_json: pathlib.Path | None = None


def _photos(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """Id → picture file, sorted; of folders in the folder, too, whose names stand in front. What is hidden is none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; see pnet-convert --help for what each --source expects")
    found: dict[str, pathlib.Path] = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix.lower() not in header.SUFFIXES or not path.is_file() or any(p[0] == "." for p in inside.parts):
            continue
        name = "__".join(inside.with_suffix("").parts)
        if name in found:
            raise InputError(f"{path}: same id as {found[name].name}; rename or remove one of them")
        found[name] = path
    if not found:
        raise InputError(f"{folder}: holds no {', '.join(header.SUFFIXES)} file")
    return found


def _without_suffix(labels: dict[str, pathlib.Path], photos: dict[str, pathlib.Path]) -> dict[str, pathlib.Path]:
    """Masks under their photos' ids, where all have the same words behind them, such as `_mask`."""
    first = next(iter(labels))
    for end in sorted({first[len(one) :] for one in photos if first.startswith(one)}):
        if end and all(name.endswith(end) and name.removesuffix(end) in photos for name in labels):
            return {name.removesuffix(end): path for name, path in labels.items()}
    return labels


def _paired(directory: pathlib.Path, options: Options, source: str, convention: str) -> list[Item]:
    photos, labels = _photos(directory / options.images), _photos(directory / options.labels)
    labels = _without_suffix(labels, photos)
    items = []
    for stem in sorted({*photos, *labels}):
        photo, label = photos.get(stem), labels.get(stem)
        fault = ""
        if label is None:
            fault = f"{photo}: has no mask {directory / options.labels / stem}.png; add it or remove the photo"
        elif photo is None:
            fault = f"{label}: has no photo of that name in {directory / options.images}; add it or remove it"
        mask = masks.FileMask(label, convention) if label else None
        items.append(Item(stem, source, photo or label, mask, fault=fault))
    return items


def folder(directory: pathlib.Path, options: Options) -> list[Item]:
    """Photos in `Images/`, masks of the same stem in `Labels/`: 0/1, 0/255 or alpha."""
    return _paired(directory, options, "folder", options.mask_values)


def eg1800(directory: pathlib.Path, options: Options) -> list[Item]:
    """EG1800 as published: `Images/*.jpg`, `Labels/*.png` with 0 and 1."""
    return _paired(directory, options, "eg1800", "0/1")


def supervisely(directory: pathlib.Path, options: Options) -> list[Item]:
    """A Supervisely export: `img/` and `ann/`, in the folder itself or in its data sets' folders, however deep.

    Objects without an area, such as rectangles and points, are not in the masks; `Item.left_out` names them.

    Raises:
      InputError: no such folders, no annotation that reads, classes that no annotation has (those found are listed).
    """
    sets = [directory] if (directory / "img").is_dir() else sorted(one.parent for one in directory.rglob("img"))
    if not sets:
        raise InputError(f"{directory}: no Supervisely export; it has img/ and ann/, or folders that have them")
    listed, titles, faulty = [], set(), []
    for one in sets:
        prefix, used = "".join(f"{part}__" for part in one.relative_to(directory).parts), set()
        for path in _photos(one / "img").values():
            candidates = [one / "ann" / f"{path.name}.json", one / "ann" / f"{path.stem}.json"]
            annotation = next((candidate for candidate in candidates if candidate.is_file()), None)
            if annotation is None:
                fault = f"{path}: has no annotation {candidates[0]}; add it or remove the photo"
                faulty.append(Item(f"{prefix}{path.stem}", "supervisely", path, None, fault=fault))
                continue
            used.add(annotation)
            try:
                things = masks.read_annotation(annotation)["objects"]
            except InputError as error:
                faulty.append(Item(f"{prefix}{path.stem}", "supervisely", path, None, fault=str(error)))
                continue
            titles |= {str(thing.get("classTitle")) for thing in things}
            listed.append((f"{prefix}{path.stem}", path, annotation, things))
        for annotation in sorted((one / "ann").glob("*.json")):
            if annotation not in used:
                fault = f"{annotation}: has no photo in {one / 'img'}; add it or remove the annotation"
                faulty.append(Item(f"{prefix}{annotation.name}", "supervisely", annotation, None, fault=fault))
    if not listed:
        raise InputError(faulty[0].fault)
    chosen = options.classes or tuple(sorted(title for title in titles if title.lower().startswith(PERSON)))
    absent = [name for name in chosen if name not in titles]
    if absent or not chosen:
        wanted = ", ".join(absent) or f"{PERSON}*"
        raise InputError(
            f"{directory}: no object of class {wanted}; --classes can be {', '.join(sorted(titles)) or '-'}"
        )
    return [
        Item(name, "supervisely", path, masks.SuperviselyMask(file, chosen), _without_area(things, chosen))
        for name, path, file, things in listed
    ] + faulty


def _without_area(things: list[dict], chosen: tuple[str, ...]) -> tuple[str, ...]:
    kinds = (str(one.get("geometryType", "polygon")) for one in things if one.get("classTitle") in chosen)
    return tuple(kind for kind in kinds if kind not in ("polygon", "bitmap"))


def unlabelled(directory: pathlib.Path, options: Options) -> list[Item]:
    """A folder of photos without masks."""
    return [Item(stem, "unlabelled", path, None) for stem, path in _photos(directory).items()]


def coco(directory: pathlib.Path, options: Options) -> list[Item]:
    """The photos of a COCO instances file that have people on them.

    Those on which nobody is outlined one by one are left out; `Item.left_out` of the first one counts them.

    Raises:
      InputError: no --coco_json, not a COCO instances file, nobody in it, a photo outside of the folder or not there.
    """
    if options.coco_json is None:
        raise InputError("--source=coco: needs --coco_json, the instances file that has the people's outlines")
    found = instances.read(options.coco_json, options.classes)
    if not found.with_people:
        raise InputError(f"--coco_json={options.coco_json}: nobody is outlined in it; --classes names other categories")
    paths = _inside(directory, list(found.with_people), options.coco_json)
    left_out = ("photo of a crowd alone",) * len(found.crowds_alone)
    masked = zip(paths.items(), found.with_people.values(), strict=True)
    items = [Item(name, "coco", path, mask) for (name, path), mask in masked]
    return [dataclasses.replace(items[0], left_out=left_out), *items[1:]]


def _inside(directory: pathlib.Path, names: list[str], coco_json: pathlib.Path) -> dict[str, pathlib.Path]:
    """Id → path of photos that a COCO file names; none of them outside of the folder."""
    paths, absent = {}, []
    for name in names:
        inside = pathlib.PurePosixPath(name.replace("\\", "/"))
        path = directory / inside
        if not path.resolve().is_relative_to(directory.resolve()):
            raise InputError(f"{coco_json}: {name} lies outside of {directory}; only photos inside are read")
        if not path.is_file():
            absent.append(path)
        paths["__".join(inside.with_suffix("").parts)] = path
    if absent:
        others = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
        raise InputError(f"{absent[0]}: named in {coco_json} and not there{others}; --input_dir is their folder")
    if len(paths) < len(names):
        raise InputError(f"{coco_json}: two photos have one name but for the suffix; rename one of them")
    return paths


def coco_negatives(directory: pathlib.Path, options: Options) -> list[Item]:
    """Photos without people, with empty masks: all of a folder, or those that a COCO file has no person on.

    Raises:
      InputError: not a COCO instances file, a photo outside of the folder, a photo that is not there.
    """
    if options.coco_json is None:
        return [Item(stem, "coco_negatives", path, masks.EmptyMask()) for stem, path in _photos(directory).items()]
    names = list(instances.read(options.coco_json, options.classes).without_people)
    if not names:
        raise InputError(f"--coco_json={options.coco_json}: every photo has a person on it")
    paths = _inside(directory, names, options.coco_json)
    return [Item(name, "coco_negatives", path, masks.EmptyMask()) for name, path in paths.items()]


SOURCES = {one.__name__: one for one in (eg1800, supervisely, folder, unlabelled, coco, coco_negatives)}


def keep_listed(items: list[Item], split_file: pathlib.Path, flag: str = "--split_file") -> list[Item]:
    """The items whose id stands in a file, one a line, with or without a suffix such as .jpg; `flag` named it.

    Raises:
      InputError: no such file, or an id in it that is not among the items.
    """
    if not split_file.is_file():
        raise InputError(f"{split_file}: no such file; {flag} lists one id a line")
    known = {item.id: item for item in items}
    try:
        lines = [line.strip() for line in split_file.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise InputError(f"{split_file}: not a text file; {flag} lists one id a line") from None
    wanted = dict.fromkeys(line if line in known else pathlib.PureWindowsPath(line).stem for line in lines)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise InputError(f"{split_file}: {len(missing)} ids without a photo, the first is {missing[0]!r}")
    return [known[name] for name in wanted]
