"""Images in folders, one folder for each class."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tinygrad_edu.data.digits import Examples
from tinygrad_edu.data.errors import DataError

_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_MODES = {"grey": "L", "colour": "RGB"}


def read_images(
    folder: str | os.PathLike[str], colours: str = "grey", dtype: DTypeLike = np.float32
) -> tuple[Examples, tuple[str, ...]]:
    """Images (n, channels, height, width) from 0.0 to 1.0, with labels (n,), and the names of the classes.

    Each folder in `folder` is a class, and the images in it are its examples; all must have the same size.

    Args:
        folder: where the folders of the classes are.
        colours: "grey", with one channel, or "colour", with three.
        dtype: of the images.

    Raises:
        DataError: there are no images, one is damaged, or one has another size than the first.
        ModuleNotFoundError: Pillow is missing; it comes with the extra ``pillow``.
    """
    try:
        import PIL.Image as pillow  # noqa: PLC0415, N813 - an extra
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("read_images needs pillow; pip install 'tinygrad_edu[pillow]'") from error
    if colours not in _MODES:
        raise ValueError(f"read_images: colours is {colours!r}; pass one of {', '.join(map(repr, _MODES))}")
    place = Path(folder)
    classes = tuple(sorted(each.name for each in place.iterdir() if each.is_dir()))
    files = [(file, label) for label, name in enumerate(classes) for file in _images(place / name)]
    if not files:
        raise DataError(f"read_images: {place} has no folders with images in them; make one for each class")
    found: Any = None
    for i, (file, _) in enumerate(files):
        try:
            with pillow.open(file) as image:
                if found is None:
                    size = image.size
                    found = np.empty((len(files), len(_MODES[colours]), size[1], size[0]), dtype)
                if image.size != size:  # before it is unpacked
                    what = f"has {image.size[0]} × {image.size[1]} pixels, and the first one {size[0]} × {size[1]}"
                    raise DataError(f"read_images: {file} {what}; bring all to one size")
                pixels = np.asarray(image.convert(_MODES[colours]), dtype)
        except (OSError, SyntaxError, pillow.DecompressionBombError) as error:
            raise DataError(f"read_images: {file} is damaged, or no image: {error}") from None
        found[i] = pixels[None] / 255 if pixels.ndim == 2 else pixels.transpose(2, 0, 1) / 255
    return Examples(found, np.array([label for _, label in files], np.int64)), classes


def _images(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.iterdir()) if file.suffix.lower() in _SUFFIXES)
