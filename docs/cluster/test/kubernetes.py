"""Checks a Job manifest against the schemas of Kubernetes, and what they don't say. --args prints its arguments."""

import sys

import kubernetes_validate
import yaml

path = sys.argv[-1]
with open(path) as f:
    documents = list(yaml.safe_load_all(f))
assert len(documents) == 1, f"{path}: {len(documents)} documents"
job = documents[0]
spec, pod = job["spec"], job["spec"]["template"]["spec"]
arguments = pod["containers"][0]["args"]
if "--args" in sys.argv:
    print(" ".join(arguments))
    sys.exit()

versions = ["1.29", kubernetes_validate.latest_version()]
for version in versions:
    kubernetes_validate.validate(job, version, strict=True)
assert (job["kind"], spec["completionMode"]) == ("Job", "Indexed")
assert f"--world-size={spec['completions']}" in arguments, "completions and --world-size differ"
assert pod["restartPolicy"] == "Never", "a podFailurePolicy needs it"
mounted = {m["name"] for m in pod["containers"][0]["volumeMounts"]}
assert mounted == {v["name"] for v in pod["volumes"]}, "volumes and mounts differ"
print(f"{path}: a sound Job by the schemas of Kubernetes {' and '.join(versions)}")
