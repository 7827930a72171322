/**
 * One button for each metric; the chosen one is pressed.
 */

export function MetricButtons(props: {
  metrics: readonly string[];
  chosen: string;
  choose: (metric: string) => void;
}) {
  return (
    <>
      {props.metrics.map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === props.chosen}
          onClick={() => {
            props.choose(name);
          }}
        >
          {name}
        </button>
      ))}
    </>
  );
}
