// node parse-powershell.mjs MODULES FILE...
// Says whether each PowerShell file parses. MODULES holds the packages web-tree-sitter and tree-sitter-powershell.
// This is a grammar and not the engine: it proves the syntax and nothing else.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [modules, ...files] = process.argv.slice(2);
const { Parser, Language } = createRequire(join(resolve(modules), 'entry.js'))('web-tree-sitter');
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(join(modules, 'tree-sitter-powershell', 'tree-sitter-powershell.wasm')));

const firstError = node => node.isError || node.isMissing ? node
  : node.hasError ? node.children.map(firstError).find(found => found) ?? node
  : null;

// A checker that accepts everything would go unnoticed, so it must refuse this.
if (!parser.parse("Write-Host 'open").rootNode.hasError) throw new Error('the grammar accepts an open quote');

let wrong = 0;
for (const file of files) {
  const root = parser.parse(readFileSync(file, 'utf8')).rootNode;
  if (!root.hasError) { console.log(`${file}: parses`); continue; }
  const { row, column } = firstError(root).startPosition;
  console.error(`${file}:${row + 1}:${column + 1}: not PowerShell`);
  wrong = 1;
}
process.exit(wrong);
