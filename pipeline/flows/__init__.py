"""What the flows share: parameters as a form shows them, steps as tasks, states that say why.

Prefect is imported here, in ``pipeline.flows`` and in ``evals.eval_flows``, nowhere else.
"""
