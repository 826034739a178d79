//! One viewer's socket: carries what its session says.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::{Error, error::ProtocolError};

use super::{
    accept::{Peer, stop},
    keys::Grant,
    seats::Seat,
    state::{State, unix},
};
use crate::{
    hub::{Reel, Want},
    protocol::{
        Code,
        session::{Outgoing, Session},
    },
};

/// So long a client may take to answer that the connection closes.
const GOODBYE: Duration = Duration::from_secs(1);

/// So long a viewer that was too slow has to read that it was.
const LAST_WORD_US: u64 = 2_000_000;

/// Carries a connection until it ends.
pub(super) async fn run(
    socket: WebSocket,
    state: Arc<State>,
    peer: Peer,
    (grant, number): (Grant, u64),
    name: String,
    seat: Seat,
) {
    let now = state.hub.now_us();
    let expires = grant.expires.map(|end| {
        let left = end.saturating_sub(unix());
        now.saturating_add(left.saturating_mul(1_000_000))
    });
    let mut session = Session::new(name, grant.scopes, expires, state.config.rules, now);
    session.open(&state.hub, &state.config.program, now);
    tracing::debug!(session = session.id(), from = %peer.address, "a viewer came");
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (sink, stream) = socket.split();
    let mut line = Line {
        token: number,
        stream,
        second,
        stopped: peer.stopped,
        rungs: state.hub.changes(),
        pictures: Watched::default(),
        sound: Watched::default(),
        figures: None,
        waits: Vec::new(),
        deaf: false,
        dropped: 0,
        session,
        state,
    };
    let ended = line.talk(sink).await;
    line.state.figures.left(line.session.id());
    drop(seat);
    tracing::debug!(session = line.session.id(), ended, "a viewer left");
}

/// Packets of a rung that are waited for.
#[derive(Default)]
struct Watched {
    of: Option<(Want, watch::Receiver<u64>)>,
}

impl Watched {
    fn set(&mut self, reel: Option<&Arc<Reel>>) {
        let is_same = match (&self.of, reel) {
            (Some((now, _)), Some(reel)) => now.is_for(reel),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.of = reel.map(|reel| {
                let mut changes = reel.changes();
                // What lies there already may not have been looked at.
                changes.mark_changed();
                (reel.want(), changes)
            });
        }
    }

    async fn changed(&mut self) {
        if let Some((_, changes)) = &mut self.of
            && changes.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// A connection.
struct Line {
    /// Number of the token that it came with.
    token: u64,
    state: Arc<State>,
    session: Session,
    stream: SplitStream<WebSocket>,
    second: Interval,
    stopped: watch::Receiver<bool>,
    rungs: watch::Receiver<usize>,
    pictures: Watched,
    sound: Watched,
    figures: Option<watch::Receiver<Bytes>>,
    /// Waits of packets in this second, in microseconds.
    waits: Vec<u32>,
    /// Nothing more can be read.
    deaf: bool,
    /// Dropped groups that the figures know of.
    dropped: u64,
}

/// The connection is no more.
struct Gone(&'static str);

impl Line {
    /// Until the connection ends; why it did.
    async fn talk(&mut self, mut sink: SplitSink<WebSocket, Message>) -> &'static str {
        loop {
            let now = self.state.hub.now_us();
            let turn = match self.session.next(&self.state.hub, now) {
                Some(Outgoing::Close(code, reason)) => {
                    return self.say_goodbye(sink, code, reason).await;
                }
                Some(outgoing) => self.send(&mut sink, outgoing, now).await,
                None => self.wait().await,
            };
            if let Err(Gone(why)) = turn {
                // Where the client has said goodbye, the answer to that is still to be sent.
                let _told = timeout(GOODBYE, sink.close()).await;
                return why;
            }
        }
    }

    /// Sends a message, and listens while the socket does not take it.
    async fn send(
        &mut self,
        sink: &mut SplitSink<WebSocket, Message>,
        outgoing: Outgoing,
        began: u64,
    ) -> Result<(), Gone> {
        let (message, due) = match outgoing {
            Outgoing::Text(text) => (Message::Text(text.into()), None),
            Outgoing::Figures(text) => match Utf8Bytes::try_from(text) {
                Ok(text) => (Message::Text(text), None),
                Err(_) => return Ok(()),
            },
            Outgoing::Media(message, due) => (Message::Binary(message), due),
            Outgoing::Ping(payload) => (Message::Ping(Bytes::copy_from_slice(&payload)), None),
            Outgoing::Close(..) => return Ok(()),
        };
        let bytes = match &message {
            Message::Binary(message) => message.len(),
            _ => 0,
        };
        let mut sending = pin!(sink.send(message));
        let mut told = None;
        loop {
            tokio::select! {
                            biased;
                            sent = &mut sending => {
                                if sent.is_err() {
             return Err(Gone("the socket broke"));
            }
                                break;
                            }
                            turn = self.hear() => turn?,
                        }
            let now = self.state.hub.now_us();
            match told {
                None if self.session.is_stuck(now - began) => {
                    self.session
                        .close(Code::Slow, "nothing was read for too long");
                    told = Some(now);
                }
                Some(told) if now >= told + LAST_WORD_US => return Err(Gone("too slow")),
                _ => {}
            }
        }
        let now = self.state.hub.now_us();
        self.session.sent(bytes, now - began);
        if let Some(due) = due {
            self.waits
                .push(u32::try_from(now.saturating_sub(due)).unwrap_or(u32::MAX));
            self.state.figures.sent_frames.inc();
        }
        self.state.figures.sent_bytes.inc_by(bytes as u64);
        Ok(())
    }

    /// Waits for anything that may give the session something to send.
    async fn wait(&mut self) -> Result<(), Gone> {
        let [picture, sound] = self.session.reels();
        self.pictures.set(picture);
        self.sound.set(sound);
        self.figures = match self.figures.take() {
            _ if !self.session.wants_figures() => None,
            None => Some(self.state.figures.subscribe()),
            some => some,
        };
        tokio::select! {
            biased;
            () = self.pictures.changed() => Ok(()),
            () = self.sound.changed() => Ok(()),
            message = self.stream.next(), if !self.deaf => self.heard(message),
            _ = self.second.tick() => { self.tick(); Ok(()) }
            () = stop(&mut self.stopped), if !self.session.is_closing() => { self.leave(); Ok(()) }
            Ok(()) = self.rungs.changed() => { self.session.rungs_came(&self.state.hub); Ok(()) }
            figures = newest(&mut self.figures) => { self.session.figures(figures); Ok(()) }
        }
    }

    /// The same without media.
    async fn hear(&mut self) -> Result<(), Gone> {
        tokio::select! {
            message = self.stream.next(), if !self.deaf => self.heard(message),
            _ = self.second.tick() => { self.tick(); Ok(()) }
            () = stop(&mut self.stopped), if !self.session.is_closing() => { self.leave(); Ok(()) }
        }
    }

    fn heard(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Gone> {
        let now = self.state.hub.now_us();
        match message {
            None => return Err(Gone("the client went away")),
            Some(Err(error)) => return self.broken(error),
            Some(Ok(Message::Text(text))) => {
                if let Some(ask) = self.session.receive(&text, &self.state.hub, now) {
                    let answer = self.state.show.tell(&ask.verb);
                    self.session.answer(ask.id, answer);
                }
            }
            Some(Ok(Message::Binary(_))) => self.session.receive_binary(),
            Some(Ok(Message::Ping(_))) => self.session.heard_ping(now),
            Some(Ok(Message::Pong(payload))) => self.session.pong(&payload, now),
            Some(Ok(Message::Close(_))) => return Err(Gone("the client left")),
        }
        Ok(())
    }

    /// What came was no WebSocket; the client is told where the socket still stands.
    fn broken(&mut self, error: axum::Error) -> Result<(), Gone> {
        tracing::debug!(%error, session = self.session.id(), "what came was no WebSocket");
        let most = self.state.config.rules.message_bytes;
        let (code, why) = match error.into_inner().downcast_ref() {
            Some(Error::Capacity(_)) => {
                (Code::Policy, format!("a message has at most {most} bytes"))
            }
            Some(Error::Utf8(_)) => (Code::Data, "a text message is UTF-8".to_owned()),
            Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return Err(Gone("the client went away without a word"));
            }
            Some(Error::Protocol(error)) => (Code::Protocol, error.to_string()),
            _ => return Err(Gone("the socket broke")),
        };
        // Nothing that follows can be read any more.
        self.deaf = true;
        self.session.close(code, &why);
        Ok(())
    }

    fn tick(&mut self) {
        let now = self.state.hub.now_us();
        if self.state.tokens() != self.token && !self.session.is_closing() {
            self.session.close(Code::Auth, "the token was changed");
        }
        self.session.tick(&self.state.hub, now);
        let viewer = self.session.viewer(now);
        let dropped = viewer.dropped_groups;
        self.state
            .figures
            .dropped_groups
            .inc_by(dropped - self.dropped);
        self.dropped = dropped;
        self.state.figures.tell(viewer, &mut self.waits, now);
    }

    /// The server stops: not all viewers may come back at once.
    fn leave(&mut self) {
        let mut byte = [128];
        // Without random bytes all come back after the same time, which is no harm.
        let _filled = getrandom::fill(&mut byte);
        let after = 500 + u64::from(byte[0]) * 2000 / 255;
        self.session
            .close_and_return(Code::Away, "the server stops", Some(after));
    }

    async fn say_goodbye(
        &mut self,
        mut sink: SplitSink<WebSocket, Message>,
        code: Code,
        reason: String,
    ) -> &'static str {
        let frame = CloseFrame {
            code: code as u16,
            reason: reason.into(),
        };
        let goodbye = async {
            if sink.send(Message::Close(Some(frame))).await.is_ok() && !self.deaf {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        match timeout(GOODBYE, goodbye).await {
            Ok(()) => "said goodbye",
            Err(_) => "did not say goodbye",
        }
    }
}

/// The next figures, for whoever has subscribed.
async fn newest(figures: &mut Option<watch::Receiver<Bytes>>) -> Bytes {
    if let Some(figures) = figures
        && figures.changed().await.is_ok()
    {
        return figures.borrow_and_update().clone();
    }
    std::future::pending().await
}
