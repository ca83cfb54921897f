/** The distance of the grid that things keep to when the setting says so; the dots of the background are every other. */
export const GRID = 10;
