// A tour with the npm package google-spreadsheet. Arguments: the server's base, a key, a token.
// The package knows Google's address only, so its requests are turned to the server's.
import { GoogleSpreadsheet } from "google-spreadsheet";

const [base, key, token] = process.argv.slice(2);
const send = globalThis.fetch;
globalThis.fetch = async (input, options) => {
  const asked = new Request(input, options);
  const body = ["GET", "HEAD"].includes(asked.method) ? undefined : await asked.text();
  const place = asked.url.replace("https://sheets.googleapis.com", base);
  return send(place, { method: asked.method, headers: asked.headers, body: body || undefined });
};

const seen = {};
const book = new GoogleSpreadsheet(key, { token });
await book.loadInfo();
seen.title = book.title;
const sheet = await book.addSheet({ title: "it's node", headerValues: ["run_name", "lr"] });
await sheet.addRows([{ run_name: "first", lr: 0.5 }, { run_name: "second", lr: "=1/4" }]);
await sheet.addRow(["third", 2]);
const rows = await sheet.getRows();
seen.rows = rows.map((row) => [row.get("run_name"), row.get("lr")]);
rows[0].set("lr", 0.125);
await rows[0].save();
await sheet.deleteDimension("ROWS", { startIndex: 3, endIndex: 4 });

await sheet.loadCells("A1:B3");
seen.cell = sheet.getCell(1, 1).value;
const cell = sheet.getCell(2, 0);
cell.value = "changed";
cell.textFormat = { bold: true };
cell.backgroundColor = { red: 1, green: 0.5, blue: 0 };
await sheet.saveUpdatedCells();
await sheet.loadCells("A3");
seen.bold = sheet.getCell(2, 0).userEnteredFormat.textFormat.bold;

await sheet.insertDimension("ROWS", { startIndex: 1, endIndex: 2 });
await sheet.resize({ rowCount: 50, columnCount: 5 });
await book.loadInfo();
seen.grid = [sheet.rowCount, sheet.columnCount];
seen.values = await sheet.getCellsInRange("A1:B4");
await sheet.clear("A1:B2");
await sheet.delete();
seen.sheets = book.sheetCount;
try {
  await new GoogleSpreadsheet("no-such-key", { token }).loadInfo();
} catch (error) {
  seen.missing = error.message;
}
console.log(JSON.stringify(seen));
