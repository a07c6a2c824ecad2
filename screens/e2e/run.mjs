// All stories of the screens, in one browser: `node --test e2e/run.mjs`.
import "./orders.mjs";
import "./temperatures.mjs";
import "./alerts.mjs";
import "./record.mjs";
import "./dashboard.mjs";
import "./printers.mjs";
import "./safety.mjs";
import "./corrections.mjs";
import "./firmware.mjs";
import "./tables.mjs";
import "./connection.mjs";
