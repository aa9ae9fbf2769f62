"""How a stage is deployed and a release is made: the workflows on GitHub, the packages from PyPI."""

import re
import unittest

import yaml

from template import ROOT


def workflows() -> dict[str, dict]:
    paths = (ROOT / ".github/workflows").glob("*.yml")
    return {path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in paths}


class Workflows(unittest.TestCase):
    def test_a_release_says_where_its_binaries_come_from(self):
        release = workflows()["ci"]["jobs"]["release"]
        actions = [step["uses"].split("@")[0] for step in release["steps"] if "uses" in step]
        self.assertIn("actions/attest-build-provenance", actions)
        self.assertEqual(release["permissions"]["attestations"], "write")

    def test_packages_are_installed_by_hash(self):
        scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/deploy/run.sh", *(ROOT / ".github/workflows").glob("*.yml"))]
        installs = re.findall(r"pip\"? install .*", "\n".join(scripts))
        self.assertEqual(len(installs), 3)
        for install in installs:
            self.assertIn("--require-hashes", install)
        for listed in (ROOT / "tests/deploy").glob("requirements*.txt"):
            packages = re.findall(r"^[A-Za-z0-9].*?==.*?\n(?=[A-Za-z0-9]|\Z)", listed.read_text(encoding="utf-8"), re.M | re.S)
            self.assertTrue(packages)
            for package in packages:
                self.assertIn("--hash=sha256:", package, listed.name)


if __name__ == "__main__":
    unittest.main()
