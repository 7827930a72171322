/**
 * The page: a bar above, the grid, a drawer beside it.
 */

import { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import type { Server } from "../protocol/http";
import type { SnapshotLine } from "../protocol/messages";
import { Bar } from "./bar";
import { Controller } from "./controller";
import { Drawer } from "./drawer";
import { Empty } from "./empty";
import { Notices } from "./notices";
import { usePage } from "./store";

/** Put the page in its place, with the workbook that is on its way. */
export function openPage(server: Server, snapshot: AsyncIterable<SnapshotLine>): void {
  const root = document.getElementById("root");
  if (root !== null) createRoot(root).render(<App server={server} snapshot={snapshot} />);
}

function App({ server, snapshot }: { server: Server; snapshot: AsyncIterable<SnapshotLine> }) {
  const place = useRef<HTMLDivElement>(null);
  const [controller, setController] = useState<Controller | null>(null);
  useEffect(() => {
    if (place.current === null) return;
    const made = new Controller(place.current, server);
    setController(made);
    void made.start(snapshot);
  }, [server, snapshot]);
  return (
    <div className="page">
      {controller === null ? <header className="bar" /> : <Bar controller={controller} />}
      <div className="middle">
        <main className="sheet" aria-label="Sheet">
          <div className="univer" ref={place} />
          {controller !== null && <Cover controller={controller} />}
        </main>
        {controller !== null && <Drawer controller={controller} />}
      </div>
      {controller !== null && <Notices controller={controller} />}
    </div>
  );
}

/** Until the workbook is there, and when there is none to be had. */
function Cover({ controller }: { controller: Controller }) {
  const { connection, why } = usePage(controller.store);
  if (connection === "shut") {
    return (
      <div className="cover" role="alert">
        <h1>This workbook can’t be shown</h1>
        <p>{why}</p>
      </div>
    );
  }
  if (connection === "loading" && !controller.session.loaded) {
    return (
      <div className="cover" role="status">
        <div className="spinner" aria-hidden="true" />
        <p>Loading the workbook…</p>
      </div>
    );
  }
  return <Empty controller={controller} />;
}
