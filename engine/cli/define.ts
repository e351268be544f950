import {Command} from "commander";
import type {Context} from "./context.js";

/** Runs a command's work with a context; what it returns is the exit code. */
type Run = (context: Context) => Promise<number | void>;

/** Adds a command whose action gets a context built from its flags; errors and signals become exit codes here. */
export type Define = (
  name: string,
  description: string,
  build: (command: Command, run: (work: Run) => Promise<void>) => void
) => void;
