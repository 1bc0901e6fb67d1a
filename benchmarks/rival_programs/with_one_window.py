"""Merge these documents: all stories of a task in one prompt, and what the model writes.

    PYTHON with_one_window.py TASK.json OUT.json

What anybody does first. Knows nothing of this project, and needs nothing but Python.
"""

import json
import sys
import urllib.request
from pathlib import Path

task = json.loads(Path(sys.argv[1]).read_text())
stories = "\n\n".join(story["text"] for story in task["stories"])
asked = {
    "model": task["model"],
    "messages": [{"role": "user", "content": f"{task['instruction']}\n\n{stories}"}],
    "temperature": 0.0,
    "max_tokens": task["max_tokens"],
}
request = urllib.request.Request(
    f"{task['url']}/v1/chat/completions",
    json.dumps(asked).encode(),
    {"Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    told = json.loads(answer.read())["choices"][0]["message"]["content"]
Path(sys.argv[2]).write_text(json.dumps({"texts": [told]}))
