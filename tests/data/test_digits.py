"""The digits are those of UCI, split once and for all."""

from importlib.resources import files

import numpy as np

from tinygrad_edu.data import load_digits, load_flower, load_pagoda

# How many of each digit optdigits.tes has, from the data set's own description.
UCI_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_images_and_labels():
    for examples, n in zip(load_digits(), (1442, 355), strict=True):
        assert examples.images.shape == (n, 64)
        assert examples.images.dtype == np.float64
        assert (examples.images.min(), examples.images.max()) == (0.0, 1.0)
        np.testing.assert_array_equal(examples.images * 16, np.round(examples.images * 16))
        assert examples.labels.shape == (n,)
        assert examples.labels.dtype == np.int64


def test_every_fifth_of_each_digit_is_held_out():
    train, test = load_digits()
    held_out = np.bincount(test.labels)
    assert list(np.bincount(train.labels) + held_out) == UCI_COUNTS
    assert list(held_out) == [count // 5 for count in UCI_COUNTS]


def test_the_numbers_are_unchanged():
    with files("tinygrad_edu.data").joinpath("digits.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        images, labels = stored["images"], stored["labels"]
    assert (images.shape, images.dtype, labels.dtype) == ((1797, 8, 8), np.uint8, np.uint8)
    assert labels[:12].tolist() == [*range(10), 0, 1]
    assert images[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]  # the first line of optdigits.tes
    assert int(images.sum(dtype=int)) == 561718
    train, test = load_digits()
    assert (train.images.sum() + test.images.sum()) * 16 == 561718
    zeros = images[labels == 0].reshape(-1, 64) / 16
    np.testing.assert_array_equal(test.images[test.labels == 0], zeros[4::5])


def test_no_image_is_on_both_sides():
    train, test = load_digits()
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for image in test.images)


def test_each_call_gives_arrays_of_its_own():
    load_digits()[0].images[:] = -1
    assert load_digits()[0].images.min() == 0.0


def test_the_licence_is_beside_them():
    text = files("tinygrad_edu.data").joinpath("LICENSE-digits.txt").read_text(encoding="utf-8")
    assert all(part in text for part in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0"))


def test_the_flower():
    picture = load_flower()
    assert picture.shape == (64, 64, 3)
    assert (picture.dtype, picture.min() >= 0.0, picture.max() <= 1.0) == (np.float64, True, True)
    assert round(picture.sum() * 255) == 1142065
    petals, leaves = picture[20:44, 20:44].mean(axis=(0, 1)), picture[:8, :8].mean(axis=(0, 1))
    assert petals[0] > 2 * petals[2]  # orange
    assert leaves[0] < leaves[1]  # green


def test_the_licence_of_the_flower_is_beside_it():
    text = files("tinygrad_edu.data").joinpath("LICENSE-flower.txt").read_text(encoding="utf-8")
    assert all(part in text for part in ("vultilion/6056698931", "CC BY 2.0", "What was changed"))


def test_the_pagoda():
    picture = load_pagoda()
    assert picture.shape == (64, 64, 3)
    assert (picture.dtype, picture.min() >= 0.0, picture.max() <= 1.0) == (np.float64, True, True)
    assert round(picture.sum() * 255) == 1643492
    sky, columns = picture[:20, 50:].mean(axis=(0, 1)), picture[28:36, 22:44].mean(axis=(0, 1))
    assert sky[0] < sky[2]  # blue
    assert columns[0] > columns[1]  # red


def test_the_licence_of_the_pagoda_is_beside_it():
    text = files("tinygrad_edu.data").joinpath("LICENSE-pagoda.txt").read_text(encoding="utf-8")
    assert all(part in text for part in ("danielbuechele/6061409035", "CC BY 2.0", "What was changed"))
