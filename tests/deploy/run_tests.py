"""Runs the tests named by the first argument (`template` or `all`) and prints one closing line."""

import sys
import unittest

TEMPLATE = ["test_template", "test_delivery"]
MODULES = {"template": TEMPLATE, "all": [*TEMPLATE, "test_deployed"]}


def main() -> int:
    names = MODULES[sys.argv[1] if len(sys.argv) > 1 else "all"]
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromNames(names))
    # A module whose set-up failed has run none of its tests: that is one failure more than it has tests.
    failed = len(result.failures) + len(result.errors)
    passed = max(result.testsRun - failed - len(result.skipped), 0)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
