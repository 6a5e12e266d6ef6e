"""The words of the demo: a fictional courier-routing product and its fictional customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Topic:
    """One need and the ways in which people speak of it."""

    need: str
    why: str
    expectation: str
    said: tuple[str, ...]
    weight: float
    importance: float = 0
    satisfaction: float = 0
    shape: str = "steady"
    strengths: tuple[int, int, int, int] = (2, 4, 3, 1)


TOPICS: tuple[Topic, ...] = (
    Topic(
        need="Change a run without calling the driver",
        why="Roads close and customers cancel while vans are out. Today every change is a phone call.",
        expectation="Drag a stop, and the driver's phone shows the new order within seconds.",
        said=(
            "When a road closes we phone every driver. {Times} last week a van went to the wrong depot",
            "If a customer cancels at {hour} I have to ring the driver and hope that he picks up",
            "I want to move a stop from one van to another while both are on the road",
            "Rerouting during the day means {count} calls before lunch, and one of them always goes to voicemail",
            "We would pay for changing a run that has already left; we lose about {count} drops a week over it",
            "The plan is right at six and wrong by nine, and nothing we do in the office reaches the van",
        ),
        weight=9,
        importance=8.6,
        satisfaction=3.1,
        shape="rising",
        strengths=(1, 3, 5, 4),
    ),
    Topic(
        need="Work where there is no network",
        why="Underground car parks, valleys and warehouses leave drivers with an empty screen.",
        expectation="The whole run, with maps, is on the phone before it leaves.",
        said=(
            "In the {place} there is no reception and the run just disappears",
            "The map is blank in every underground car park, so drivers take photographs of the list in the morning",
            "Proof of delivery was lost {count} times this month because the phone had no signal",
            "We cannot use it in the {place}: no network, no route, no signature",
            "It should keep the day's stops on the phone and send everything when the signal is back",
        ),
        weight=6,
        importance=8.1,
        satisfaction=2.7,
        strengths=(1, 3, 4, 3),
    ),
    Topic(
        need="Tell customers when the van will be there",
        why="Half of the calls to support ask where a parcel is.",
        expectation="A message with a narrow window that corrects itself when the van is late.",
        said=(
            "Customers call us to ask where the van is, about {count} times a day",
            "A window of four hours is a joke; people want to know the half hour",
            "If we are running late the customer should hear it from us and not from the clock",
            "Send a text with the new time as soon as the route changes",
            "We lost {account} over missed time windows that nobody had told them about",
        ),
        weight=7,
        importance=7.9,
        satisfaction=4.2,
        shape="rising",
        strengths=(2, 4, 4, 2),
    ),
    Topic(
        need="Push orders in bulk from our own system",
        why="Larger shippers hold orders in their own systems and copy them by hand today.",
        expectation="One call with thousands of orders, and a clear answer for each.",
        said=(
            "Is there an API to push orders in bulk? We have {thousands} a night",
            "The import stops at the first bad postcode and we start again, {count} times some nights",
            "We type orders over from our warehouse system, which is silly in this century",
            "The bulk endpoint times out above {hundreds} orders and does not say which ones it took",
            "Give us an error per row and not one for the whole file",
        ),
        weight=5,
        importance=7.2,
        satisfaction=4.0,
        strengths=(2, 3, 3, 2),
    ),
    Topic(
        need="Prove a delivery beyond doubt",
        why="Disputes cost a refund each, and one photograph is often not enough.",
        expectation="Several photographs, a name and a place, found again in seconds.",
        said=(
            "Please let me attach two photographs to a delivery, one of the parcel and one of the door",
            "A signature on glass proves nothing; we refunded {count} deliveries last month",
            "I need the coordinates on the proof, the customer says that we never came",
            "Finding a proof from {month} took me twenty minutes of scrolling",
        ),
        weight=5,
        importance=6.8,
        satisfaction=5.9,
        shape="falling",
    ),
    Topic(
        need="Keep to the hours that drivers may work",
        why="Planning past the legal driving time is found out too late.",
        expectation="The plan knows breaks and says beforehand which run will not fit.",
        said=(
            "The plan gave {name} eleven hours again and I only saw it when he called",
            "Breaks are not in the route, so every run after noon is late by exactly one break",
            "We need the driving time rules in the planner before the inspector comes back",
            "It should refuse a run that is not legal, or at least show it in red",
        ),
        weight=4,
        importance=7.7,
        satisfaction=3.6,
        shape="rising",
        strengths=(1, 2, 4, 3),
    ),
    Topic(
        need="Plan for vans that run on batteries",
        why="A growing part of the fleets is electric, and range is planned on paper.",
        expectation="Range, load and charging stops are part of the route.",
        said=(
            "Half of our vans are electric now and the planner thinks that they have tanks",
            "It sent an electric van {hundreds} kilometres in January; it came home on a truck",
            "Charging stops have to be part of the run, with the time they take",
            "Range depends on load and cold. We keep a spreadsheet beside your product for it",
        ),
        weight=4,
        importance=6.4,
        satisfaction=2.2,
        shape="rising",
        strengths=(3, 4, 2, 1),
    ),
    Topic(
        need="See at a glance which runs are in trouble",
        why="Dispatchers watch forty vans and notice the late one when the customer calls.",
        expectation="The three runs that need help stand at the top, with the reason.",
        said=(
            "I have {count} vans on one map and cannot see which one is late",
            "Show me the runs that will miss a window, and let me forget the others",
            "The dashboard is pretty but it does not tell me where to look first",
            "By the time a run turns red it is too late to do anything",
        ),
        weight=5,
        importance=7.4,
        satisfaction=4.9,
    ),
    Topic(
        need="Bring a new driver up to speed in a day",
        why="Drivers change often, and the app has to explain itself.",
        expectation="A driver who has never seen it finishes a run alone on the first day.",
        said=(
            "New drivers need {count} days with somebody beside them before they can use the app",
            "The app should speak Polish and Romanian, half of my drivers do",
            "The button for a failed delivery is hidden, so new people mark everything as delivered",
            "I would like a practice run that does not count",
        ),
        weight=3,
        importance=5.9,
        satisfaction=5.1,
        shape="falling",
        strengths=(3, 4, 2, 0),
    ),
    Topic(
        need="Know what a run really cost",
        why="Prices are set on averages, and some customers are served at a loss.",
        expectation="Cost per stop and per customer from fuel, time and tolls.",
        said=(
            "I cannot tell which customers we lose money on",
            "Tolls and waiting time are not in the report, and those are what kills the margin",
            "Give finance a file per month with the cost of each run",
            "We priced {account} on an average and lost money for {count} months",
        ),
        weight=3,
        importance=6.1,
        satisfaction=4.4,
    ),
    Topic(
        need="Sign in with the account of the company",
        why="Larger customers do not allow another password.",
        expectation="Single sign-on, and leavers lose access the same day.",
        said=(
            "Our security people will not approve it without single sign-on",
            "A driver who left in {month} could still sign in, which is how we found out",
            "We have {hundreds} users and make each of them by hand",
        ),
        weight=2.5,
        importance=6.6,
        satisfaction=3.9,
        strengths=(1, 2, 3, 3),
    ),
    Topic(
        need="Trust that the app shows today's route",
        why="A stale screen sends a van to yesterday's stops.",
        expectation="The app says how old its data is, and never shows yesterday's run as today's.",
        said=(
            "The app shows yesterday's route until I sign out and in again",
            "After the update the list was empty until I started the phone again",
            "It said delivered on my screen and open on hers, for {count} minutes",
        ),
        weight=4,
        importance=8.0,
        satisfaction=5.5,
        shape="falling",
        strengths=(1, 4, 3, 1),
    ),
    Topic(
        need="Let recipients choose the day and place",
        why="Every failed first attempt costs a second run.",
        expectation="The recipient picks another day, a neighbour or a locker in one step.",
        said=(
            "Let people choose a neighbour or a locker before we drive there for nothing",
            "One in {count} first attempts fails because nobody is at home",
            "Recipients should change the day themselves and not ring our office",
        ),
        weight=3,
        strengths=(3, 4, 1, 0),
    ),
    Topic(
        need="Carry returns on the same run",
        why="Returns are planned by hand on top of a full van.",
        expectation="A pickup is a stop like any other, and the plan knows the space it takes.",
        said=(
            "Pickups are not counted against the load, so vans come back overfull",
            "We handle {hundreds} returns a week on paper beside your plan",
            "A return should be a stop with a volume, as a delivery is",
        ),
        weight=2.5,
        strengths=(3, 3, 2, 0),
    ),
)

OTHER: tuple[str, ...] = (
    "Love the new proof of delivery, my drivers stopped complaining about it",
    "The new map is so much quicker, thank you",
    "Where do I find last year's invoices?",
    "Can we pay by bank transfer instead of by card?",
    "Your support answered in {count} minutes on a Sunday. Impressive",
    "How do I change the name of a depot?",
    "We are moving to a larger office in {month}, please change our address",
    "The morning planning takes ten minutes now, it used to take an hour",
)
OPENINGS: tuple[str, ...] = (
    "",
    "",
    "",
    "Hello,",
    "Quick one:",
    "From our weekly meeting:",
    "Feedback from the depot.",
)
CLOSINGS: tuple[str, ...] = (
    ".",
    ".",
    ". Thanks!",
    ". Is that planned?",
    ". Happy to show you on a call.",
    ". Our contract is up for renewal in {month}.".replace("{month}", "spring"),
)
SLOTS: dict[str, tuple[str, ...]] = {
    "{Times}": ("Twice", "Three times", "Once"),
    "{hour}": ("nine", "half past ten", "two in the afternoon"),
    "{count}": ("five", "six", "eight", "twelve", "fifteen", "twenty"),
    "{hundreds}": ("200", "300", "450", "600"),
    "{thousands}": ("2,000", "4,000", "7,500"),
    "{place}": ("harbour", "Black Forest", "old town", "mountain valleys", "hospital basement"),
    "{month}": ("January", "March", "June", "October"),
    "{name}": ("my best driver", "the new man", "the north run"),
    "{account}": ("a pharmacy chain", "our largest shipper", "a grocer"),
}
STRENGTH_NOTES = (
    "Said as a wish",
    "Costs them time each day",
    "Named as a reason to look elsewhere",
    "Said they would leave over it",
)
SOURCES = ("support ticket", "call", "e-mail", "app store", "sales", "survey")
SOURCE_WEIGHTS = (8, 4, 4, 3, 2, 2)
JOBS = (
    "Dispatcher",
    "Fleet manager",
    "Driver",
    "Operations lead",
    "Head of logistics",
    "Depot manager",
    "IT manager",
)
INDUSTRIES = ("parcels", "groceries", "pharmacy", "furniture", "spare parts", "flowers")
FIRST = (
    "Mira", "Jonas", "Ines", "Tomasz", "Aylin", "Piet", "Lena", "Ravi", "Sofia", "Emil",
    "Noor", "Hugo", "Clara", "Idris", "Wanda", "Leo",
)  # fmt: skip
LAST = (
    "Oduya", "Brandt", "Keller", "Nowak", "Demir", "Visser", "Haugen", "Mehta", "Costa", "Lindqvist",
    "Haddad", "Moreau", "Fischer", "Okafor", "Zielinska",
)  # fmt: skip
ACCOUNTS: tuple[tuple[str, str], ...] = tuple(
    (name, ("Germany", "Netherlands", "United Kingdom", "Poland", "Sweden")[index % 5])
    for index, name in enumerate(
        (
            "Halden Freight", "Copperline Foods", "Brightwater Pharmacy", "Marlow Parcels", "Oakfield Grocers",
            "Tidewell Couriers", "Larkspur Flowers", "Ferrow Logistics", "Quillon Books", "Ashgrove Furniture",
            "Pennant Spares", "Silverbeck Dairy", "Norvik Seafood", "Castor & Vane", "Dunmore Medical",
            "Eastgate Express", "Foxglove Gardens", "Greywater Supply", "Harrowfield Tools", "Ivybridge Bakery",
            "Juniper Wines", "Kestrel Couriers", "Lowmoor Tyres", "Mossbank Produce", "Nettlecombe Paper",
            "Orrin Electrical", "Pikehall Steel", "Ravensby Meat", "Stonecross Glass", "Thornbury Textiles",
            "Underhill Coffee", "Verity Labs", "Westmark Parcels", "Yarrow Organics", "Zephyr Bikes",
            "Amberley Cosmetics", "Birchwood Toys", "Calder Plumbing", "Darnell Optics", "Elmstead Linen",
            "Farrow & Pike", "Glenmore Fish", "Hollin Print", "Inverdale Pets", "Jessamy Fashion",
            "Kingsmead Paint", "Lindale Lighting", "Merrow Dental", "Northbeck Timber", "Osprey Freight",
            "Pelham Kitchens", "Rushmere Eggs", "Selwyn Supplies", "Tarnbrook Water", "Upwell Seeds",
            "Vexford Chemicals", "Wharfside Storage", "Aldergate Post", "Bramhall Motors", "Crowden Outdoor",
        )
    )
)  # fmt: skip
SEGMENTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "Fleet > 50 vans",
        {"match": "all", "conditions": [{"field": "attributes.vans", "operator": "gt", "value": 50}]},
        "Those who plan with several dispatchers at once.",
    ),
    (
        "Starter plan",
        {"match": "all", "conditions": [{"field": "plan", "operator": "is", "value": "Starter"}]},
        "Mostly one depot and one dispatcher.",
    ),
    (
        "Food and pharmacy",
        {
            "match": "any",
            "conditions": [
                {"field": "attributes.industry", "operator": "is", "value": "groceries"},
                {"field": "attributes.industry", "operator": "is", "value": "pharmacy"},
            ],
        },
        "Cold chain: a late van is a lost load.",
    ),
)
