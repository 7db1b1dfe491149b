"""zsh_completion.py FOLDER TYPED...: types each text and a tab into a real zsh whose fpath has FOLDER, and
prints what the line has become."""
import os
import pty
import re
import select
import sys
import time


def read_until(fd, mark, seconds=20):
    text, end = b"", time.monotonic() + seconds
    while mark not in text:
        left = end - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise SystemExit(f"zsh does not show {mark!r}; it shows {text!r}")
        text += os.read(fd, 4096)
    return text


def main():
    folder, typed = sys.argv[1], sys.argv[2:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="dumb", HOME="/nonexistent", LC_ALL="C")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    os.write(fd, b"PS1=; unsetopt zle_bracketed_paste 2>/dev/null; setopt no_beep; "
             b"fpath=(" + folder.encode() + b" $fpath); autoload -U compinit; compinit -u -D; "
             b"show() { print -r -- \"LINE<$BUFFER>\"; BUFFER=; zle accept-line }; zle -N show; "
             b"bindkey '^G' show; print REA''DY\n")
    read_until(fd, b"READY")
    for text in typed:
        os.write(fd, text.encode() + b"\t\x07")
        print(re.findall(rb"LINE<([^>]*)>", read_until(fd, b">"))[-1].decode().strip())
    os.close(fd)


if __name__ == "__main__":
    main()
