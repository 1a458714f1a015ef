/** The extension's icon: four panels that know each other. */
import { LabIcon } from "@jupyterlab/ui-components";

export const nexusIcon = new LabIcon({
  name: "nexus-jupyter:panels",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M3 4a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z"/>
    <path d="M13 14a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1z"/>
    <circle cx="17" cy="7" r="3"/>
    <circle cx="7" cy="17" r="3"/>
    <path d="M11 6h3v2h-3zM6 11h2v3H6zM10 16h3v2h-3zM16 10h2v3h-2z"/>
  </g>
</svg>`,
});
