"""DocETL's resolve and reduce over the stories of a task.

    PYTHON with_docetl.py TASK.json OUT.json

Runs in an environment of its own (`pip install docetl`) and knows nothing of this project. Pairs
are compared where their texts share five words, as its blocking conditions allow; replies are JSON
by the server's grammar (`structured_output`), for a small model calls no tools.
"""

import json
import os
import sys
from pathlib import Path

task = json.loads(Path(sys.argv[1]).read_text())
os.environ |= {
    "OPENAI_API_BASE": f"{task['url']}/v1",
    "OPENAI_BASE_URL": f"{task['url']}/v1",
    "OPENAI_API_KEY": "none",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}

import docetl  # noqa: E402

docetl.default_model = f"openai/{task['model']}"
docetl.bypass_cache = True
docetl.max_threads = 2
asked = {"temperature": 0.0, "max_tokens": task["max_tokens"]}
stories = [story | {"need": story["text"]} for story in task["stories"]]
merged = (
    docetl.from_list(stories)
    .resolve(
        name="same",
        comparison_prompt="Do these two user stories ask for the same thing?\n"
        "1: {{ input1.text }}\n2: {{ input2.text }}",
        resolution_prompt="Write one user story that says all of these:\n"
        "{% for input in inputs %}- {{ input.text }}\n{% endfor %}",
        output={"schema": {"need": "string"}, "mode": "structured_output"},
        blocking_keys=["text"],
        blocking_conditions=[
            "len(set(input1['text'].lower().split()) & set(input2['text'].lower().split())) >= 5"
        ],
        litellm_completion_kwargs=asked,
    )
    .reduce(
        name="merged",
        reduce_key="need",
        prompt=task["instruction"] + "\n{% for input in inputs %}- {{ input.text }}\n{% endfor %}",
        output={
            "schema": {"story": "string"},
            "mode": "structured_output",
            "lineage": ["id"],
        },
        litellm_completion_kwargs=asked,
    )
    .collect()
)
groups = [[each["id"] for each in row.get("merged_lineage", [])] for row in merged]
Path(sys.argv[2]).write_text(
    json.dumps({"texts": [row["story"] for row in merged], "groups": groups})
)
