"""How an exercise speaks: one small block, as HTML in a notebook and as text in a terminal."""

from __future__ import annotations

import html
import re
import sys
import textwrap
from dataclasses import dataclass

_WIDTH = 88  # characters of a line in a terminal

# tone → (symbol, color of the bar). The symbol and the words say it too, never the color alone.
TONES = {
    "right": ("✓", "var(--jp-success-color1, #388e3c)"),
    "wrong": ("✗", "var(--jp-warn-color1, #e07b00)"),
    "open": ("○", "var(--jp-border-color1, #9e9e9e)"),
    "note": ("→", "var(--jp-info-color1, #0288d1)"),
}

_BLOCK = (
    "border-left:4px solid {color}; padding:0.3em 1em; margin:0.5em 0; max-width:52em;"
    " line-height:1.5; color:var(--jp-ui-font-color1, inherit);"
)
# Grey with transparency reads on white and on black; a fixed color would clash with one of them.
_CODE = (
    "background:rgba(128,128,128,0.14); color:inherit; border-radius:3px; padding:0.5em 0.8em;"
    " margin:0.4em 0; overflow-x:auto; font-size:0.92em; line-height:1.4;"
    " font-family:var(--jp-code-font-family, monospace);"
)
_INLINE_CODE = (
    "background:rgba(128,128,128,0.14); color:inherit; border-radius:3px; padding:0 0.25em;"
)


@dataclass(frozen=True)
class Report:
    """A headline, sentences, and a block of code or numbers. Backticks mark code in a sentence."""

    tone: str  # a key of TONES
    headline: str
    sentences: tuple[str, ...] = ()
    block: str = ""  # shown as it is, in a fixed-width font
    after: tuple[str, ...] = ()  # sentences below the block

    def __repr__(self) -> str:
        lines = [f"{TONES[self.tone][0]} {self.headline}"]
        lines += [_wrapped(sentence) for sentence in self.sentences]
        if self.block:
            lines.append(textwrap.indent(self.block, "    "))
        lines += [_wrapped(sentence) for sentence in self.after]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        symbol, color = TONES[self.tone]
        parts = [f'<div style="{_BLOCK.format(color=color)}">']
        parts.append(f"<div><strong>{symbol} {_inline(self.headline)}</strong></div>")
        parts += [_paragraph(sentence) for sentence in self.sentences]
        if self.block:
            parts.append(f'<pre style="{_CODE}">{html.escape(self.block)}</pre>')
        parts += [_paragraph(sentence) for sentence in self.after]
        return "".join([*parts, "</div>"])


def show(report: object) -> None:
    """Display once: in a notebook as rich output wherever in the cell it stands, else by print."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        from IPython.display import display

        display(report)
        return
    text = repr(report)
    try:
        print(text)
    except UnicodeEncodeError:  # a terminal that cannot write ✓ or Σ
        encoding = getattr(sys.stdout, "encoding", None) or "ascii"
        print(text.encode(encoding, "replace").decode(encoding))


def _wrapped(sentence: str) -> str:
    return textwrap.fill(
        sentence, _WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False
    )


def _paragraph(sentence: str) -> str:
    return f'<div style="margin:0.3em 0">{_inline(sentence)}</div>'


def _inline(sentence: str) -> str:
    """HTML of one sentence: everything escaped, `code` in a fixed-width font."""
    escaped = html.escape(sentence)
    # A short piece of code stays on one line.
    escaped = re.sub(
        r"`([^`]{1,40})`", rf'<code style="{_INLINE_CODE} white-space:nowrap">\1</code>', escaped
    )
    return re.sub(r"`([^`]+)`", rf'<code style="{_INLINE_CODE}">\1</code>', escaped)
