"""What to do with each workload and each of its databases and middleware.

Belongs here: answering the questionnaire, evaluating rules, scoring options, saying why. Does not: the rules, questions
and words themselves (`reference/`).
"""
