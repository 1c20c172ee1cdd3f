"""States per CPU second of this engine on the shared workloads, written like the drivers of the other engines.

python tests/benchmarks/workloads.py            all workloads, beside the limit of the same run
python tests/benchmarks/workloads.py w1_chain   one driver, one JSON line, as ../shared/bench/peers/*.py print it
"""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[3] / "shared" / "bench"
WORKLOADS = ("w1_chain", "w2_loop", "w4_map", "w5_parallel", "w6_retry", "w7_nested_map", "w8_payload", "w9_throughput")
TARGET = {
    "w1_chain": 1,
    "w2_loop": 1,
    "w4_map": 0.7,
    "w5_parallel": 1,
    "w6_retry": 0.5,
    "w7_nested_map": 1,
    "w9_throughput": 0.7,
}
ROUNDS = 3


def drive():
    sys.path.insert(0, str(BENCH))
    import common

    import sfn_notebook as sfn

    class Engine(common.Peer):
        name = "sfn_notebook"

        def prepare(self):
            functions = self.f
            self.machine = sfn.StateMachine(self.w.text)
            self.tasks = {name: (lambda event, name=name: functions(name, event)) for name in common.FUNCTIONS}

        def run_once(self):
            return self.machine.run(
                self.w.input, tasks=self.tasks, clock="virtual", executor="inline", limits="none"
            ).output

        def run_many(self, n):
            table = self.machine.map(
                [self.w.input] * n, tasks=self.tasks, clock="virtual", executor="inline", limits="none"
            )
            return table["output"]

    common.run(Engine)


def measure(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = json.loads(done.stdout)
    if "error" in result:
        raise SystemExit(f"{command}: {result['error']}")
    return result["tps_cpu"]


def main():
    print(f"{'workload':<16}{'states/CPU s':>14}{'lazy':>12}{'ratio':>8}{'target':>8}")
    for name in WORKLOADS:
        # Taken in turns, the best of each: the machine is shared.
        ours, limit = [], []
        for _ in range(ROUNDS):
            ours.append(measure([sys.executable, __file__, name]))
            limit.append(measure([sys.executable, str(BENCH / "limit.py"), "--mode", "lazy", name]))
        row = f"{name:<16}{max(ours):>14,.0f}{max(limit):>12,.0f}{max(ours) / max(limit):>8.2f}"
        print(f"{row}{TARGET.get(name, '-'):>8}", flush=True)


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else drive()
