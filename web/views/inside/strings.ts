// What the view "Look inside" says.
export const kInside = {
  steps: 'Each step, and how long it takes here',
  microseconds: (time: number) => `${time < 10 ? time.toFixed(1) : Math.round(time)}\u202fµs`,
};
