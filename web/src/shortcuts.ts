// What one can do to the ink, each with its button and its keys in one place.

export interface Action {
  button: HTMLButtonElement;
  /** As KeyboardEvent.key in lower case; `ctrl` stands for Command on a Mac too. */
  keys: readonly { key: string; ctrl?: boolean; shift?: boolean }[];
  enabled(): boolean;
  run(): void;
}

export function bindActions(actions: readonly Action[]): { refresh(): void } {
  for (const action of actions) {
    action.button.addEventListener('click', () => {
      if (action.enabled()) action.run();
    });
  }
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    const action = actions.find(({ keys }) => keys.some((key) => matches(event, key)));
    if (action === undefined) return;
    event.preventDefault();
    if (action.enabled()) action.run();
  });
  return {
    // Not `disabled`: a button that was just pressed would lose the keyboard's focus.
    refresh() {
      for (const { button, enabled } of actions) {
        button.setAttribute('aria-disabled', String(!enabled()));
      }
    },
  };
}

function matches(event: KeyboardEvent, wanted: Action['keys'][number]): boolean {
  return (
    event.key.toLowerCase() === wanted.key &&
    (event.ctrlKey || event.metaKey) === (wanted.ctrl ?? false) &&
    event.shiftKey === (wanted.shift ?? false) &&
    !event.altKey
  );
}
