import embed, { type VisualizationSpec } from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";

/** The colours that `roadbed.web.charts.INK` writes into a specification, by the name of their variable. */
const INK: Record<string, string> = {
  accent: "#0a0b01",
  "accent-soft": "#0a0b02",
  good: "#0a0b03",
  warn: "#0a0b04",
  bad: "#0a0b05",
  ink: "#0a0b06",
  "ink-2": "#0a0b07",
  line: "#0a0b08",
  surface: "#0a0b09",
  "series-1": "#0a0b11",
  "series-2": "#0a0b12",
  "series-3": "#0a0b13",
  "series-4": "#0a0b14",
  "series-5": "#0a0b15",
  "series-6": "#0a0b16",
};

/** Put the page's colours, as they are in this scheme, in place of their names. */
function coloured(spec: object, near: HTMLElement): VisualizationSpec {
  const probe = near.appendChild(document.createElement("i"));
  let text = JSON.stringify(spec);
  for (const [name, placeholder] of Object.entries(INK)) {
    probe.style.color = `var(--${name})`;
    text = text.replaceAll(placeholder, getComputedStyle(probe).color);
  }
  probe.remove();
  return JSON.parse(text) as VisualizationSpec;
}

/** Draw a Vega-Lite specification without `eval` and without style sheets of Vega's own, as the policy asks. */
export async function draw(into: HTMLElement, spec: object): Promise<() => void> {
  const { finalize } = await embed(into, coloured(spec, into), {
    ast: true,
    expr: expressionInterpreter,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
    actions: false,
    renderer: "svg",
  });
  return finalize;
}
