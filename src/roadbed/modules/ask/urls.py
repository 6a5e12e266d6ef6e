"""Addresses of the module."""

from django.urls import URLPattern, path

from roadbed.modules.ask.views import ask, questions

workspace_patterns: list[URLPattern] = [
    path("ask/", ask.index, name="ask"),
    path("ask/phrase/", ask.phrase, name="ask-phrase"),
    path("ask/keep/", ask.keep, name="ask-keep"),
    path("ask/questions/", questions.index, name="ask-questions"),
    path("ask/questions/new/", questions.new, name="ask-question-new"),
    path("ask/questions/<int:number>/", questions.show, name="ask-question"),
    path("ask/questions/<int:number>/edit/", questions.edit, name="ask-question-edit"),
    path("ask/questions/<int:number>/answer/", questions.answer, name="ask-question-answer"),
    path("ask/questions/<int:number>/close/", questions.close, name="ask-question-close"),
    path("ask/questions/<int:number>/reopen/", questions.reopen, name="ask-question-reopen"),
    path("ask/questions/<int:number>/rate/", questions.rate, name="ask-question-rate"),
]
