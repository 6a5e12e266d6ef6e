import "htmx.org";
import "./toasts";
import "./islands/board-columns";
import "./islands/chart-view";
import "./islands/command-palette";
import "./islands/data-table";
import "./islands/inline-edit";
import "./islands/key-scope";
import "./islands/quote-picker";
import "./islands/small";
import "./islands/time-line";
import "./islands/tree-table";
import { startComforts } from "./comforts";
import { startKeyboard } from "./keyboard";
import { startNavigation } from "./navigation";

startNavigation();
startKeyboard();
startComforts();
