//! The buzzer: `trivet/<location>/buzzer` at the box's own broker, `on` or `off`, retained, so that a relay that is
//! switched on late knows too (ALR-10). It needs the broker and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use tokio::sync::watch;
use trivet_replica::App;

use crate::config::Mqtt;

const RECONNECT: Duration = Duration::from_secs(1);
/// Said again so often, for what has forgotten it.
const REPEAT: Duration = Duration::from_secs(60);
/// Messages on their way to the broker. While it is away none waits: the next connection begins with the latest word.
const MAX_WAITING: usize = 8;
const MAX_PACKET: usize = 4 * 1024;

/// Says what the sender is told. Without a broker nobody hears it.
pub(super) fn start(app: &App, mqtt: Option<&Mqtt>) -> anyhow::Result<watch::Sender<bool>> {
    let (sender, sounds) = watch::channel(false);
    let Some(mqtt) = mqtt else { return Ok(sender) };
    let password = std::fs::read_to_string(&mqtt.password_file)
        .with_context(|| format!("cannot read {}", mqtt.password_file.display()))?;
    let id = format!("trivet-buzzer-{:08x}", u32::from_be_bytes(trivet_replica::sealing::random()));
    let mut options = MqttOptions::new(id, &mqtt.host, mqtt.port);
    options.set_credentials(&mqtt.user, password.trim()).set_keep_alive(Duration::from_secs(10));
    options.set_max_packet_size(MAX_PACKET, MAX_PACKET).set_clean_session(true);
    let (client, events) = AsyncClient::new(options, MAX_WAITING);
    let topic = format!("trivet/{}/buzzer", app.identity.certificate.location);
    let buzzer = Buzzer { client, topic, sounds, connected: Arc::default() };
    tokio::spawn(buzzer.clone().connect(events));
    tokio::spawn(buzzer.follow());
    Ok(sender)
}

#[derive(Clone)]
struct Buzzer {
    client: AsyncClient,
    topic: String,
    sounds: watch::Receiver<bool>,
    connected: Arc<AtomicBool>,
}

impl Buzzer {
    async fn connect(self, mut events: EventLoop) {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    self.connected.store(true, Ordering::Relaxed);
                    self.say(*self.sounds.borrow());
                }
                Ok(_) => {}
                // The broker's state is told of with the probes that it carries.
                Err(_) => {
                    self.connected.store(false, Ordering::Relaxed);
                    tokio::time::sleep(RECONNECT).await;
                }
            }
        }
    }

    async fn follow(mut self) {
        loop {
            match tokio::time::timeout(REPEAT, self.sounds.changed()).await {
                Ok(Err(_)) => return,
                _ => {
                    let loud = *self.sounds.borrow_and_update();
                    if self.connected.load(Ordering::Relaxed) {
                        self.say(loud);
                    }
                }
            }
        }
    }

    fn say(&self, loud: bool) {
        let word = if loud { "on" } else { "off" };
        drop(self.client.try_publish(&self.topic, QoS::AtLeastOnce, true, word));
    }
}
