import {madeMarket} from "./market.ts";
import {windowOf} from "../../src/lib/backtest/window.ts";
import {runWindows} from "../../src/lib/backtest/run.ts";
import {Kernel} from "../../src/lib/sweep/kernel.ts";
import {prepare} from "../../src/lib/sweep/prepare.ts";
import {parseConfig} from "../../src/lib/strategy/config.ts";
const data = madeMarket();
const w = windowOf(data,{},true);
const mode=process.argv[2];
const c=process.argv[2]==="composite"?parseConfig({strategy:"composite",volumeFilter:false,entry:"0.35",exit:"0.2"}):parseConfig({strategy:"simple",minRate:"0.0002",exitRate:"0.00005"});
let t=performance.now();
if(mode==="exact") for(let i=0;i<40;i++) runWindows([windowOf(data,{},true)],c);
else {const k=new Kernel(prepare(w)); for(let i=0;i<12000;i++) k.run(c);}
console.log(performance.now()-t);
