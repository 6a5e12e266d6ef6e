"""The words of the demo's boards. Everybody in them is made up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that stands on the public board: a feature by its title, or what a visitor submitted."""

    title: str
    text: str
    feature: str = ""
    votes: int = 6
    days: int = 60
    answer: str = ""
    standing: str = ""
    reason: str = ""
    remarks: tuple[str, ...] = ()
    nameless: int = 0


INTRO = (
    "Tell us what slows your day down, and vote for what would help you most. We read everything, and say here "
    "what becomes of it."
)
WORDINGS = (
    ("open", "Open", "We collect votes and examples."),
    ("exploring", "Being looked into", "We talk to some of you about it at the moment."),
    ("planned", "Planned", "It has a place in our plan."),
    ("started", "In progress", "Somebody is building it now."),
    ("beta", "In beta", "Some of you are trying it out already."),
    ("done", "Shipped", ""),
    ("declined", "Not planned", ""),
)
WISHES = (
    Wish(
        "Change a run that has already left",
        "Drag a stop to another van while both are on the road, and the drivers' phones show it at once.",
        feature="Reroute a courier while the run is under way",
        votes=21,
        days=190,
        answer="We are building this now. The first part, moving a stop between two vans, comes with **4.2**. "
        "Closing a road for a day follows in 4.3.",
        remarks=(
            "This would save us six phone calls before lunch.",
            "Please tell the driver why the order changed, or they ring us anyway.",
        ),
        nameless=9,
    ),
    Wish(
        "The day's stops without a network",
        "Underground car parks and valleys leave our drivers with an empty screen. Keep the run on the phone.",
        feature="Keep the day's stops on the phone",
        votes=17,
        days=170,
        remarks=("Proof of delivery was lost four times this month.",),
        nameless=4,
    ),
    Wish(
        "Tell recipients when the van will be there",
        "A message with the new time as soon as a run is late, without anybody pressing anything.",
        feature="Tell the customer the new time",
        votes=19,
        days=150,
        nameless=6,
    ),
    Wish(
        "Half-hour windows",
        "Four hours is a joke. People want to know the half hour.",
        feature="Half-hour windows that correct themselves",
        votes=11,
        days=120,
        remarks=("We would be glad to try this with two of our depots.",),
    ),
    Wish(
        "Runs in trouble at the top of the list",
        "With forty runs on the screen I find the late one when the customer calls.",
        feature="Runs in trouble stand at the top",
        votes=13,
        days=110,
        answer="It is in beta with three of you. Write to us if you want to be the fourth.",
    ),
    Wish(
        "Range and load of electric vans",
        "Half of our vans are electric, and the planner thinks that they have tanks.",
        feature="Range and load of electric vans",
        votes=12,
        days=100,
        nameless=3,
    ),
    Wish(
        "Find a proof of delivery by address",
        "Finding a proof from last month takes twenty minutes of scrolling.",
        feature="Find a proof by address",
        votes=8,
        days=95,
    ),
    Wish(
        "Messages in the recipient's language",
        "Our recipients read Polish, Turkish and Dutch.",
        feature="Languages of the message",
        votes=5,
        days=80,
    ),
    Wish(
        "More than one photograph of a delivery",
        "One of the parcel, one of the door.",
        feature="Several photographs a delivery",
        votes=14,
        days=260,
        remarks=("Thank you! Disputes are down by half here.",),
    ),
    Wish(
        "A link for recipients, without an app",
        "Nobody installs an app for one parcel.",
        feature="A link for recipients without an app",
        votes=9,
        days=240,
    ),
    Wish(
        "Plan by voice",
        "Hands are on the wheel.",
        feature="Plan by voice",
        votes=3,
        days=210,
        standing="declined",
        reason="Five of you tried it with us, and nobody used it twice. We would rather make the large buttons larger.",
    ),
    Wish(
        "Print the day's run on one page",
        "Three of our drivers have no phone from us. A page with stops, windows and notes would do.",
        votes=7,
        days=34,
        remarks=("With a QR code for each stop, please.",),
        nameless=2,
    ),
    Wish(
        "Two dispatchers on one run at the same time",
        "The later save wins, and nobody notices.",
        votes=9,
        days=21,
        standing="exploring",
        reason="We are watching how three teams share a screen. Tell us if you want to be one of them.",
    ),
    Wish(
        "A dark screen for night tours",
        "The white map blinds me at two in the morning.",
        votes=10,
        days=12,
        remarks=("Yes! And dim the notifications too.",),
        nameless=5,
    ),
    Wish(
        "Warn me before a window is missed",
        "Twenty minutes ahead would be enough to do something about it.",
        votes=6,
        days=6,
    ),
    Wish("Weekly figures by mail", "Drops, late drops and kilometres, every Monday.", votes=4, days=3),
)
WAITING = (
    (
        "Read the tachograph",
        "We type the hours over from the tachograph every Friday. Could you read the file instead?",
        2,
    ),
    ("Larger buttons for gloves", "In winter nobody hits them.", 1),
)
WAITING_REMARK = "We would pay for this. Can somebody call me?"
PRIVATE = (
    ("Drivers ask for their own figures", "Two of them want to see how late they were before we do.", 30),
    ("Price of the electric add-on", "Eight euro a van is the most that we could defend inside.", 16),
    ("Our works council wants to see what is recorded", "They ask for a page that says it in one place.", 5),
)
NEWS = (
    (
        "4.0",
        "4.0: weekly runs from a template",
        "- **Templates for weekly runs.** Make one, and Monday plans itself.\n"
        "- **Webhooks for every status**, so that your system knows what ours does.\n"
        "- Route search is about twice as fast on large days.",
    ),
    (
        "4.1",
        "4.1: proof that holds",
        "You asked for it, and fourteen of you voted for it:\n\n"
        "- **Several photographs a delivery**, each with place and time.\n"
        "- **A link for recipients**, who need no app any more.\n"
        "- The app speaks **Polish and Romanian**, and says how old its data is.",
    ),
)
