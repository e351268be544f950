import type {Site} from "./site.js";
export const openSite = (_: string): Site | undefined => undefined;
