"""How well text stands out from what is behind it, as a browser paints it (WCAG 2.2, 1.4.3)."""

import re

READABLE = 4.5
"""The least ratio of contrast for text of common size."""

_PAINTED = """(() => {
  const solid = (colour) => !/^rgba\\(.*, 0\\)$|^transparent$/.test(colour);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (solid(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest("script, svg title")) continue;
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color, paper = behind(element);
    found.set(`${ink} on ${paper}`, [ink, paper, text.slice(0, 60)]);
  }
  return [...found.values()];
})()"""


def painted(tab):
    """Return each pair of colours of the text that shows: ink, paper, a sample of it."""
    return tab.run(_PAINTED)


def faint(tab):
    """Return the text that is hard to read, with its ratio."""
    pairs = [(ratio(ink, paper), ink, paper, text) for ink, paper, text in painted(tab)]
    assert pairs
    return [pair for pair in pairs if pair[0] < READABLE]


def ratio(ink, paper):
    """Return the contrast of two colours as `rgb(r, g, b)`, 1 to 21."""
    dark, light = sorted((_luminance(ink), _luminance(paper)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    found = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert found, f"{colour} is no solid colour"
    shares = [int(part) / 255 for part in found.groups()]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
