"""PyTorch's recurrent cells, single steps and training: one JSON line per row, best of several rounds.

Each row is measured with one thread and with all, and the faster of the two is printed: whatever suits PyTorch best.
Sizes come as JSON on the command line, so that they are written down once, in bench/.
"""

import json
import os
import sys
import time

import torch

CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}
LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def best(run, seconds: float) -> float:
    """Seconds of the fastest of the rounds that fit into the time."""
    fastest = float("inf")
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        run()
        fastest = min(fastest, time.perf_counter() - started)
    return fastest


def fastest_threads(run, seconds: float) -> float:
    fastest = float("inf")
    for threads in {1, os.cpu_count() or 1}:
        torch.set_num_threads(threads)
        run()
        fastest = min(fastest, best(run, seconds))
    return fastest


def step(cell: str, hidden: int, inputs: int, rows: int, seconds: float) -> float:
    module = CELLS[cell](inputs, hidden)
    x = torch.randn(rows, inputs)
    repeats = max(3, 300 // max(1, rows // 8))
    state = None

    def run() -> None:
        nonlocal state
        with torch.inference_mode():
            for _ in range(repeats):
                state = module(x, state)

    return fastest_threads(run, seconds) / repeats


def training(cell: str, hidden: int, inputs: int, steps: int, series: int, seconds: float) -> float:
    layer = LAYERS[cell](inputs, hidden)
    head = torch.nn.Linear(hidden, 1, bias=False)
    weights = [*layer.parameters(), *head.parameters()]
    adam = torch.optim.AdamW(weights, lr=5e-3, weight_decay=1e-4)
    x = 0.1 * torch.randn(steps, series, inputs)
    y = 0.1 * torch.randn(steps, series, 1)

    def run() -> None:
        adam.zero_grad()
        loss = torch.nn.functional.mse_loss(head(layer(x)[0]), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 5)
        adam.step()

    return fastest_threads(run, seconds)


torch.manual_seed(1)
for job in json.loads(sys.argv[1]):
    kind = job.pop("kind")
    took = step(**job) if kind == "step" else training(**job)
    print(json.dumps({"seconds": took}), flush=True)
