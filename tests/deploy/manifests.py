"""deploy/kubernetes: do the files fit one another, and the settings the program?"""

import configparser
import os
import re
import subprocess

try:
    import yaml
except ImportError:
    yaml = None

EXAMPLE = os.path.join(os.path.dirname(__file__), "..", "..", "deploy", "kubernetes")
SCRIPTS_ARE_KILLED = 15  # seconds that the server asks for beyond shutdown


def load(name):
    with open(f"{EXAMPLE}/{name}") as file:
        return yaml.safe_load(file)


def settings():
    """The INI file without its comments."""
    with open(EXAMPLE + "/basehttpd.ini") as file:
        text = re.sub(r"(?m)\s*#.*$", "", file.read())
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return parser


def check_config(program):
    run = subprocess.run([program, "--config", EXAMPLE + "/basehttpd.ini", "--root", "/",
                          "--check-config"], capture_output=True, text=True)
    return run.stderr if run.returncode else ""


def ports(deployment, service):
    """Named in one place, meant in another."""
    ini, (container,) = settings(), deployment["spec"]["template"]["spec"]["containers"]
    named = {port["name"]: port["containerPort"] for port in container["ports"]}
    probed = {container[probe]["httpGet"]["port"] for probe in ("readinessProbe", "livenessProbe")}
    wanted = {"http": int(ini["server"]["port"]),
              "health": int(ini["server"]["health_bind"].rsplit(":", 1)[1])}
    targets = [port["targetPort"] for port in service["spec"]["ports"]]
    return "" if (named, probed, targets) == (wanted, {"health"}, ["http"]) else \
        f"{named}, probes {probed}, the service {targets}; the settings {wanted}"


def labels(deployment, *others):
    pod = deployment["spec"]["template"]["metadata"]["labels"]
    selectors = [deployment["spec"]["selector"]["matchLabels"]]
    for other in others:
        selector = other["spec"]["selector"]
        selectors.append(selector.get("matchLabels", selector))
    return [selector for selector in selectors if selector != pod]


def times(deployment):
    given = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    timeouts = settings()["timeouts"]
    needed = sum(int(timeouts[key].rstrip("s")) for key in ("drain_delay", "shutdown"))
    return "" if given >= needed + SCRIPTS_ARE_KILLED else f"{given} s are given, {needed} + " \
        f"{SCRIPTS_ARE_KILLED} needed"


def mistakes_of_kubernetes(program):
    """Pairs of what is looked at and what is wrong with it, empty for nothing."""
    if yaml is None:
        print("SKIPPED: Kubernetes' files, for python3-yaml is missing")
        return []
    deployment, service, disruption = map(
        load, ("deployment.yaml", "service.yaml", "disruption.yaml"))
    files = set(load("kustomization.yaml")["resources"])
    present = {name for name in os.listdir(EXAMPLE) if name.endswith(".yaml")}
    return [("Kubernetes: kustomization.yaml names all files",
             present - files - {"kustomization.yaml"} | files - present),
            ("Kubernetes: --check-config", check_config(program)),
            ("Kubernetes: ports", ports(deployment, service)),
            ("Kubernetes: labels", labels(deployment, service, disruption)),
            ("Kubernetes: time to end", times(deployment))]
