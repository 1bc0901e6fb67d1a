"""LangExtract over the documents of a task.

    PYTHON with_langextract.py TASK.json OUT.json

Runs in an environment of its own (`pip install langextract[openai]`) and knows nothing of this
project. Its defaults are kept but for the model.
"""

import json
import sys
from pathlib import Path

import langextract as lx

task = json.loads(Path(sys.argv[1]).read_text())
shown = "The clerk said: as a clerk, I want to print the list, so that I can sign it. Then he left."
example = lx.data.ExampleData(
    text=shown,
    extractions=[
        lx.data.Extraction(
            extraction_class="user_story",
            extraction_text="as a clerk, I want to print the list, so that I can sign it.",
            attributes={"role": "clerk", "goal": "print the list", "benefit": "I can sign it"},
        )
    ],
)
config = lx.factory.ModelConfig(
    model_id=task["model"],
    provider="OpenAILanguageModel",
    provider_kwargs={
        "api_key": "none",
        "base_url": f"{task['url']}/v1",
        "temperature": 0.0,
        "max_output_tokens": task["max_tokens"],
    },
)
found = []
for document in task["documents"]:
    result = lx.extract(
        text_or_documents=document["text"],
        prompt_description="Find every user story, word for word.",
        examples=[example],
        config=config,
        fence_output=False,
        use_schema_constraints=False,
        max_workers=2,
        show_progress=False,
    )
    found += [
        {
            "document": document["path"],
            "text": each.extraction_text,
            "span": [each.char_interval.start_pos, each.char_interval.end_pos]
            if each.char_interval
            else None,
        }
        for each in result.extractions or ()
    ]
Path(sys.argv[2]).write_text(json.dumps({"extracted": found}))
