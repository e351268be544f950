import {Command} from "commander";
import type {Context} from "./context.js";

/** The work of a command; returns its exit code. */
type Run = (context: Context) => Promise<number | void>;

/** Adds a command; `run` builds the context from its flags and turns errors and signals into exit codes. */
export type Define = (
  name: string,
  description: string,
  build: (command: Command, run: (work: Run) => Promise<void>) => void
) => void;
