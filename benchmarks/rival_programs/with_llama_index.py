"""LlamaIndex's tree summary over the stories of a task.

    PYTHON with_llama_index.py TASK.json OUT.json

Runs in an environment of its own (`pip install llama-index-core llama-index-llms-openai-like`) and
knows nothing of this project.
"""

import json
import sys
from pathlib import Path

from llama_index.core.response_synthesizers import TreeSummarize
from llama_index.llms.openai_like import OpenAILike

task = json.loads(Path(sys.argv[1]).read_text())
llm = OpenAILike(
    model=task["model"],
    api_base=f"{task['url']}/v1",
    api_key="none",
    is_chat_model=True,
    context_window=task["window"],
    max_tokens=task["max_tokens"],
    temperature=0.0,
    timeout=600.0,
)
summarize = TreeSummarize(llm=llm)
text = summarize.get_response(task["instruction"], [story["text"] for story in task["stories"]])
Path(sys.argv[2]).write_text(json.dumps({"texts": [str(text)]}))
