/** The distance of the grid that things keep to when the setting says so; every other line of it has dots. */
export const GRID = 10;
