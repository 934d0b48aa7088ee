"""One step of SeCu in PyTorch: two views forward, the heads' losses, backward, gradient descent.

The layers and the losses are those that Sources/Networks/ResNet.swift and the README's table describe, written as someone who uses
PyTorch would write them; the same networks go by the same names as in `Benchmarks --list step`.
"""
import torch
import torch.nn.functional as F
from torch import nn

IMAGES = 50_000  # of the data set, for the stored labels
TENS = [10 * (i + 1) for i in range(10)]


def convolution(inputs, outputs, kernel, stride=1, relu=True):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Block(nn.Module):
    """relu(inner(x) + shortcut(x)), basic or bottleneck."""

    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = 4 * width if bottleneck else width
        if bottleneck:
            self.inner = nn.Sequential(
                convolution(inputs, width, 1), convolution(width, width, 3, stride),
                convolution(width, outputs, 1, relu=False))
        else:
            self.inner = nn.Sequential(
                convolution(inputs, width, 3, stride), convolution(width, outputs, 3, relu=False))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, 1, stride, relu=False)

    def forward(self, x):
        return F.relu(self.inner(x) + self.shortcut(x))


class Encoder(nn.Module):
    def __init__(self, channels, widths, blocks, stem="small", bottleneck=False, projector=2, predictor=None, dimension=128):
        super().__init__()
        large = stem == "large"
        layers = [convolution(channels, widths[0], 7 if large else 3, 2 if large else 1)]
        layers += {"small": [], "pooled": [nn.MaxPool2d(2, 2, 1)], "large": [nn.MaxPool2d(3, 2, 1)]}[stem]
        inputs = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks)):
            for block in range(count):
                layers.append(Block(inputs, width, 2 if stage > 0 and block == 0 else 1, bottleneck))
                inputs = 4 * width if bottleneck else width
        self.backbone = nn.Sequential(*layers)
        hidden = lambda a, b: [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU(inplace=True)]
        last = [nn.Linear(inputs, dimension)] + ([nn.BatchNorm1d(dimension)] if projector == 3 else [])
        self.projector = nn.Sequential(*[m for _ in range(projector - 1) for m in hidden(inputs, inputs)], *last)
        self.predictor = (
            nn.Sequential(*hidden(dimension, predictor), nn.Linear(predictor, dimension)) if predictor else None)

    def forward(self, x):
        z = self.projector(self.backbone(x).mean((2, 3)))
        return z, z if self.predictor is None else self.predictor(z)


# name: channels, image side, encoder, clusters of each head
NETWORKS = {
    "digits": (1, 8, dict(widths=[16, 32, 64], blocks=[1, 1, 1]), [10, 20, 30, 40, 50]),
    "compact": (3, 32, dict(widths=[16, 32, 64], blocks=[1, 1, 1]), TENS),
    "compact-wide": (3, 32, dict(widths=[32, 64, 128], blocks=[1, 1, 1]), TENS),
    "resnet18": (3, 32, dict(widths=[64, 128, 256, 512], blocks=[2, 2, 2, 2]), TENS),
    "resnet18-stl": (3, 96, dict(widths=[64, 128, 256, 512], blocks=[2, 2, 2, 2], stem="pooled"), TENS),
    "resnet50": (
        3, 224,
        dict(widths=[64, 128, 256, 512], blocks=[3, 4, 6, 3], stem="large", bottleneck=True, projector=3, predictor=2048),
        TENS),
}


class Head:
    """K clusters with the size constraint."""

    dual_rate, ratio, target, temperature = 0.1, 0.9, 0.2, 0.05

    def __init__(self, clusters, dimension):
        self.clusters = clusters
        self.centers = nn.Parameter(F.normalize(torch.randn(dimension, clusters), dim=0))
        self.frozen = self.centers.detach().clone()
        self.labels = torch.ones(IMAGES, dtype=torch.long)
        self.duals = torch.zeros(clusters)

    @torch.no_grad()
    def assign(self, similarities, ids):
        """The batch's labels before and now; moves the duals."""
        old, new = self.labels[ids], (similarities + self.duals).argmax(1)
        counts = torch.bincount(new, minlength=self.clusters) / len(ids)
        self.duals = (self.duals - self.dual_rate * (counts - self.ratio / self.clusters)).clamp_(min=0)
        self.labels[ids] = new
        return old, new

    def loss(self, outputs, ids):
        """Both losses, summed over the outputs: unit rows of view a, of view b and, with a predictor, their predictions."""
        centers = F.normalize(self.centers, dim=0)
        fresh = [z.detach() @ centers for z in outputs]
        old, new = self.assign(sum(fresh).detach() / len(fresh), ids)
        rows = torch.arange(len(ids))
        total = 0
        for s in fresh:  # the gradient reaches the assigned center alone
            logits = s.detach().clone()
            logits[rows, new] = s[rows, new]
            total = total + F.cross_entropy(logits / self.temperature, new)
        hot = F.one_hot(old, self.clusters).float()
        logits = [z @ self.frozen / self.temperature for z in outputs]
        seen = [F.softmax(scores.detach(), 1) for scores in logits[:2]]
        for output, scores in enumerate(logits):
            wanted = self.target * hot + (1 - self.target) * seen[1 - output % 2]
            total = total + F.cross_entropy(scores, wanted)
        return total


class Step:
    """Callable: one step on the same random batch."""

    def __init__(self, name, batch, layout, bf16):
        channels, side, encoder, clusters = NETWORKS[name]
        self.encoder = Encoder(channels, **encoder).to(memory_format=layout).train()
        self.heads = [Head(k, 128) for k in clusters]
        self.optimizer = torch.optim.SGD(
            [{"params": list(self.encoder.parameters()), "lr": 0.1}, {"params": [h.centers for h in self.heads], "lr": 1.2}],
            momentum=0.9, weight_decay=1e-4)
        self.views = [torch.randn(batch, channels, side, side).contiguous(memory_format=layout) for _ in range(2)]
        self.ids, self.bf16 = torch.arange(batch), bf16

    def __call__(self):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            outputs = [self.encoder(view) for view in self.views]
        unit = lambda x: F.normalize(x.float(), dim=1)
        rows = [unit(z) for z, _ in outputs]
        if self.encoder.predictor is not None:
            rows += [unit(p) for _, p in outputs]
        loss = sum(head.loss(rows, self.ids) for head in self.heads) / (len(rows) * len(self.heads))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
