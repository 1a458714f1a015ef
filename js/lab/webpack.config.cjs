// Tells the extension the addresses of the page's bundle and of the guest, whose files the wheel puts beside it.
const { DefinePlugin } = require("@rspack/core");
const { address, guest } = require("../../nexus_jupyter/static/panel.json");

module.exports = {
  plugins: [
    new DefinePlugin({
      NEXUS_BUNDLE_ADDRESS: JSON.stringify(address),
      NEXUS_GUEST_ADDRESS: JSON.stringify(guest),
    }),
  ],
};
