"""The cloth of sarees: a body with a pattern, and a border with gold thread."""

from dataclasses import dataclass

import numpy as np

from demo.drawing.canvas import FloatArray, choose_colour, happens, soft_step
from demo.drawing.patterns import Pattern, checks, motifs, plain, stripes, temple_edge, zigzags

_GOLDS = ((206, 164, 78), (220, 184, 108), (184, 140, 66), (196, 196, 200))
_CONTRASTS = (
    (118, 22, 40),
    (22, 84, 62),
    (36, 56, 146),
    (182, 30, 106),
    (38, 38, 42),
    (206, 152, 34),
    (232, 222, 200),
)


@dataclass(frozen=True)
class Weave:
    """How one saree's cloth looks. Its methods take cloth coordinates in pixels, of any one shape."""

    body: FloatArray
    border: FloatArray
    gold: FloatArray
    motif_colour: FloatArray
    pattern: Pattern
    border_pattern: Pattern
    border_width: float

    def cloth(self, along: FloatArray, across: FloatArray) -> FloatArray:
        """Give the colour of the body."""
        return _mix(self.body, self.motif_colour, self.pattern(along, across))

    def edged(self, cloth: FloatArray, along: FloatArray, inwards: FloatArray) -> FloatArray:
        """Give the cloth with its border; `inwards` is the distance from the edge."""
        width = self.border_width
        lines = np.maximum(_line(inwards, 2, 1.6), _line(inwards, width - 2, 1.6))
        inside = soft_step(width - 5 - inwards) * soft_step(inwards - 4)
        woven = self.border_pattern(along, inwards - width / 2) * inside
        teeth = temple_edge(width * 0.9, width * 0.6)(along, inwards - width) * soft_step(inwards - width)
        bordered = _mix(cloth, self.border, soft_step(width - inwards))
        return self.gilded(bordered, along, np.maximum(np.maximum(lines, woven), teeth))

    def banded(self, cloth: FloatArray, along: FloatArray, start: float, pitch: float) -> FloatArray:
        """Give the cloth with bands of gold across it, from a position along it onwards."""
        position = along % pitch - pitch / 2
        return self.gilded(cloth, along, soft_step(along - start) * _line(position, 0, pitch / 4))

    def bordered(self, cloth: FloatArray, mask: FloatArray) -> FloatArray:
        """Give the cloth in the border's colour where the mask covers it."""
        return _mix(cloth, self.border, mask)

    def gilded(self, cloth: FloatArray, along: FloatArray, mask: FloatArray) -> FloatArray:
        """Give the cloth with gold thread where the mask covers it; the thread glitters."""
        glitter = 1 + 0.16 * np.sin(along * 2.3)
        return _mix(cloth, self.gold * glitter[..., None], mask)


def choose_weave(body: FloatArray, rng: np.random.Generator) -> Weave:
    """Choose a border, a pattern and their colours for a body of some colour."""
    gold = choose_colour(rng, _GOLDS)
    pitch = rng.uniform(15, 30)
    patterns = (
        plain,
        motifs(pitch, pitch * 0.26, 0),
        motifs(pitch, pitch * 0.36, 5),
        motifs(pitch * 0.6, pitch * 0.12, 4),
        stripes(pitch, 2.5),
        checks(pitch, 1.6),
        zigzags(pitch, 3.0),
    )
    border_patterns = (motifs(9, 3.2, 4), zigzags(8, 2.5), stripes(4, 1.6), motifs(12, 4.6, 6))
    return Weave(
        body=body,
        border=choose_colour(rng, _CONTRASTS) if happens(rng, 0.6) else body * np.float32(0.7),
        gold=gold,
        motif_colour=gold if happens(rng, 0.6) else choose_colour(rng, _CONTRASTS),
        pattern=patterns[int(rng.integers(len(patterns)))],
        border_pattern=border_patterns[int(rng.integers(len(border_patterns)))],
        border_width=rng.uniform(11, 24),
    )


def _line(position: FloatArray, at: float, half_width: float) -> FloatArray:
    return soft_step(half_width - np.abs(position - at))


def _mix(below: FloatArray, above: FloatArray, mask: FloatArray) -> FloatArray:
    return below + (above - below) * mask[..., None]
