"""The worked example of `tidecast char-rnn` in PyTorch: prints the seconds of its training and the last loss, as JSON."""

import json
import sys
import time

import torch

LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
cell, text, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
vocabulary = sorted(set(text))
symbols = torch.tensor([vocabulary.index(character) for character in text])
x, y = symbols[:-1], symbols[1:]

# At this size a second thread only adds hand-overs, and on a busy machine waits for them without end.
torch.set_num_threads(1)
torch.manual_seed(1)
embedding = torch.nn.Embedding(len(vocabulary), 16)
layers = LAYERS[cell](16, 32, num_layers=2)
output = torch.nn.Linear(32, len(vocabulary))
weights = [*embedding.parameters(), *layers.parameters(), *output.parameters()]
adam = torch.optim.Adam(weights, lr=0.01)

started = time.perf_counter()
for _ in range(epochs):
    adam.zero_grad()
    hidden, _ = layers(embedding(x).unsqueeze(1))
    loss = torch.nn.functional.cross_entropy(output(hidden.squeeze(1)), y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, 5)
    adam.step()
print(json.dumps({"seconds": time.perf_counter() - started, "loss": loss.item()}))
