"""Counts the words of a file."""

import sys
from collections import Counter
from pathlib import Path


def count_words(path: Path) -> Counter[str]:
    with path.open(encoding="utf-8") as lines:
        return Counter(word.lower() for line in lines for word in line.split())


if __name__ == "__main__":
    for word, count in count_words(Path(sys.argv[1])).most_common(10):
        print(f"{count:6d} {word}")
