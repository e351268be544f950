/** The version every result carries. */
export const VERSION = "0.1.0";
