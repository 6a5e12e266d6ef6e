// Bundles the islands, and copies the fonts, into the folder that the server hands out.
// Called by `npm run build`; the Python package's build hook calls the same script.

import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const source = path.join(root, "frontend", "src");
const output = path.join(root, "src", "roadbed", "web", "static", "build");

/** Families that the style sheets name, with the one cut of each that they use. */
const fonts = [
  { family: "inter", file: /^inter-(latin|latin-ext|cyrillic|greek)-wght-normal\.woff2$/ },
  { family: "jetbrains-mono", file: /^jetbrains-mono-(latin|latin-ext|cyrillic|greek)-wght-normal\.woff2$/ },
];

async function copyFonts() {
  const target = path.join(output, "fonts");
  await mkdir(target, { recursive: true });
  for (const { family, file } of fonts) {
    const folder = path.join(root, "node_modules", "@fontsource-variable", family, "files");
    const names = (await readdir(folder)).filter((name) => file.test(name));
    if (names.length === 0) throw new Error(`no font file of ${family} in ${folder}`);
    await Promise.all(names.map((name) => copyFile(path.join(folder, name), path.join(target, name))));
  }
}

const options = {
  absWorkingDir: root,
  entryPoints: ["main.ts", "main.css", "portal.ts", "portal-worker.ts", "portal.css"]
    .map((name) => path.join(source, name))
    .filter((file) => existsSync(file)),
  outdir: output,
  bundle: true,
  // Splitting keeps what only a few pages need (Vega) out of what every page loads.
  splitting: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  sourcemap: "linked",
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "file" },
  // The fonts are copied above, beside the bundle: the style sheets name them where they lie.
  external: ["/static/*", "../build/fonts/*"],
  legalComments: "linked",
  logLevel: "info",
};

if (options.entryPoints.length === 0) throw new Error(`nothing to bundle: ${source} has no main.ts`);
await rm(output, { recursive: true, force: true });
await copyFonts();
if (process.argv.includes("--watch")) {
  const context = await esbuild.context(options);
  await context.watch();
} else {
  await esbuild.build(options);
}
