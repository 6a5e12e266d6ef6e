"""What a lens last came to: computed by a job, read by pages."""

from __future__ import annotations

from django.db import models

from roadbed.core.records.models import Record
from roadbed.modules.priorities.models.lenses import Lens


class Ranking(models.Model):
    """The last result of a lens, and what it was computed from."""

    lens = models.OneToOneField(Lens, primary_key=True, on_delete=models.CASCADE, related_name="ranking")
    input_hash = models.CharField(max_length=64, blank=True, default="")
    version = models.PositiveIntegerField(help_text="Of the lens's definition.")
    computed_at = models.DateTimeField()
    runs = models.PositiveIntegerField(default=0)
    cut = models.PositiveIntegerField(default=0)
    scored = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    stability = models.FloatField(default=0)
    price = models.FloatField(default=0, help_text="Benefit per unit of cost at the cut.")
    bar = models.FloatField(default=0, help_text="The score of the last place.")
    everything = models.FloatField(default=0, help_text="What no learning at all can pass.")
    silent = models.PositiveIntegerField(
        default=0, help_text="Inputs whose worth does not stand out from noise."
    )
    refusal = models.CharField(max_length=300, blank=True, default="", help_text="Why there is no ranking.")

    def __str__(self) -> str:
        return f"ranking of {self.lens_id}"


class Place(models.Model):
    """Where one record stands in a ranking; without ranks where it could not be scored."""

    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, related_name="places")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveIntegerField(
        help_text="In the order of the mean rank; those left out come last."
    )
    before = models.PositiveIntegerField(
        null=True, blank=True, help_text="Its position in the ranking before."
    )
    rank_low = models.PositiveIntegerField(null=True)
    rank_middle = models.PositiveIntegerField(null=True)
    rank_high = models.PositiveIntegerField(null=True)
    first = models.FloatField(default=0)
    top = models.FloatField(default=0)
    top_any_weights = models.FloatField(
        null=True, help_text="The same under all weights of the drivers alike, where there are drivers."
    )
    is_coin_flip = models.BooleanField(default=False)
    score_low = models.FloatField(null=True)
    score = models.FloatField(null=True)
    score_high = models.FloatField(null=True)
    worth_low = models.FloatField(null=True)
    worth = models.FloatField(null=True)
    worth_high = models.FloatField(null=True)
    cost_low = models.FloatField(null=True)
    cost = models.FloatField(null=True)
    cost_high = models.FloatField(null=True)
    doubt = models.JSONField(default=dict, help_text="By input, its share of the doubt.")
    left_out = models.CharField(max_length=300, blank=True, default="", help_text="Why it has no score.")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint("ranking", "record", name="place_once")]
        indexes = [
            models.Index(fields=["ranking", "position", "id"], name="place_in_order"),
            models.Index(fields=["ranking", "-top", "-id"], name="place_by_top"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} at {self.position}"


class Question(models.Model):
    """One input of one record whose truth would be worth knowing."""

    ranking = models.ForeignKey(Ranking, on_delete=models.CASCADE, related_name="questions")
    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    worth = models.FloatField(help_text="EVPPI.")
    error = models.FloatField(help_text="Its standard error.")
    chance = models.FloatField(help_text="How often the record is worth its place.")
    offers = models.JSONField(default=list, help_text="Studies: name, kind, EVSI, error, net.")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint("ranking", "record", "name", name="question_once")]

    def __str__(self) -> str:
        return f"{self.record_id} {self.name}"
