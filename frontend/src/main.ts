import "htmx.org";
import "./toasts";
import { startKeyboard } from "./keyboard";
import { startNavigation } from "./navigation";

startNavigation();
startKeyboard();
