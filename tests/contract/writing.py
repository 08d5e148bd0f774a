"""A process that writes notes, one transaction each, and says which are committed.

python writing.py URL FIRST LAST
"""

import sys

from tests.contract.notes import add

from sluicegate.store.database import Database


def main(url: str, first: int, last: int) -> None:
    database = Database(url)
    for number in range(first, last):
        with database.write() as tx:
            add(tx, number, "x" * (number % 3000))
        print(number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
