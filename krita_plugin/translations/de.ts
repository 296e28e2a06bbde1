<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>anycost</name>
    <message>
        <source>Only in the selection</source>
        <translation>Nur in der Auswahl</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>Größer</translation>
    </message>
    <message>
        <source>Make the selection larger, or below 0 smaller, for this</source>
        <translation>Die Auswahl dafür vergrößern, unter 0 verkleinern</translation>
    </message>
    <message>
        <source>Feather</source>
        <translation>Weich</translation>
    </message>
    <message>
        <source>Let the edit fade out over this distance from the selection's edge</source>
        <translation>Die Änderung vom Rand der Auswahl aus über diese Strecke auslaufen lassen</translation>
    </message>
    <message>
        <source>{name}, pixels</source>
        <translation>{name}, Pixel</translation>
    </message>
    <message>
        <source>All sliders back to zero</source>
        <translation>Alle Regler auf null</translation>
    </message>
    <message>
        <source>New layer</source>
        <translation>Neue Ebene</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Erneuern</translation>
    </message>
    <message>
        <source>Layer: {name}</source>
        <translation>Ebene: {name}</translation>
    </message>
    <message>
        <source>Move a slider first: with all at 0 the picture stays as it is</source>
        <translation>Zuerst einen Regler bewegen: mit allen auf 0 bleibt das Bild, wie es ist</translation>
    </message>
    <message>
        <source>Draw the edit in full and add it as one new layer: one undo step</source>
        <translation>Die Änderung in voller Güte zeichnen und als neue Ebene einfügen: ein Rückgängig-Schritt</translation>
    </message>
    <message>
        <source>Draw the edit in full, in place of the layer “{name}”: two undo steps</source>
        <translation>Die Änderung in voller Güte zeichnen, anstelle der Ebene „{name}“: zwei Rückgängig-Schritte</translation>
    </message>
    <message>
        <source>This face has no layer yet: add one, or select one that Apply added before</source>
        <translation>Dieses Gesicht hat noch keine Ebene: eine neue einfügen oder eine früher eingefügte auswählen</translation>
    </message>
    <message>
        <source>Apply changes only what is selected and leaves all else as it is</source>
        <translation>Nur das Ausgewählte wird geändert, alles andere bleibt, wie es ist</translation>
    </message>
    <message>
        <source>Update keeps to what was selected when the layer was made</source>
        <translation>Erneuern hält sich an das, was beim Einfügen der Ebene ausgewählt war</translation>
    </message>
    <message>
        <source>Select a part of the face first: Apply then leaves all else as it is</source>
        <translation>Zuerst einen Teil des Gesichts auswählen: alles andere bleibt dann, wie es ist</translation>
    </message>
    <message>
        <source>Nothing of the face is selected: select a part of it, or clear Only in the selection.</source>
        <translation>Vom Gesicht ist nichts ausgewählt: einen Teil davon auswählen oder „Nur in der Auswahl“ abschalten.</translation>
    </message>
    <message>
        <source>This selection is too detailed to be kept with the layer: when you take the edit up again, select anew.</source>
        <translation>Diese Auswahl ist zu fein, um mit der Ebene aufbewahrt zu werden: beim Wiederaufnehmen neu auswählen.</translation>
    </message>
    <message>
        <source>Krita could not keep the sliders in the picture, whose layers are as they should be: make room in memory and leave it open; it is tried again.</source>
        <translation>Krita konnte die Regler nicht im Bild aufbewahren, dessen Ebenen unversehrt sind: Speicher freigeben und das Bild offen lassen; es wird noch einmal versucht.</translation>
    </message>
    <message>
        <source>Krita could not read what the picture keeps of its edits: make room in memory and leave it open; it is tried again.</source>
        <translation>Krita konnte nicht lesen, was das Bild von seinen Änderungen aufbewahrt: Speicher freigeben und das Bild offen lassen; es wird noch einmal versucht.</translation>
    </message>
    <message>
        <source>The core's answer cannot be read: it is of another version than the plugin.</source>
        <translation>Die Antwort des Kerns ist nicht lesbar: er hat eine andere Version als das Modul.</translation>
    </message>
    <message>
        <source>no face was found</source>
        <translation>kein Gesicht gefunden</translation>
    </message>
    <message>
        <source>the sliders do not work on it</source>
        <translation>die Regler wirken darauf nicht</translation>
    </message>
    <message>
        <source>the core stopped at it</source>
        <translation>der Kern blieb dabei stehen</translation>
    </message>
    <message>
        <source>Adding the edits…</source>
        <translation>Änderungen werden eingefügt…</translation>
    </message>
    <message>
        <source>Waiting for the core…</source>
        <translation>Warten auf den Kern…</translation>
    </message>
    <message>
        <source>{n} of {all}: {name}</source>
        <translation>{n} von {all}: {name}</translation>
    </message>
    <message>
        <source>{n} edit was added.</source>
        <translation>{n} Änderung wurde eingefügt.</translation>
    </message>
    <message>
        <source>{n} edits were added.</source>
        <translation>{n} Änderungen wurden eingefügt.</translation>
    </message>
    <message>
        <source>{name}: {why}</source>
        <translation>{name}: {why}</translation>
    </message>
    <message>
        <source>{n} was not begun or not finished.</source>
        <translation>{n} wurde nicht begonnen oder nicht beendet.</translation>
    </message>
    <message>
        <source>{n} were not begun or not finished.</source>
        <translation>{n} wurden nicht begonnen oder nicht beendet.</translation>
    </message>
    <message>
        <source>The core is not running: start it, then begin again with the rest.</source>
        <translation>Der Kern läuft nicht: ihn starten, dann mit dem Rest neu beginnen.</translation>
    </message>
    <message>
        <source>Another model was chosen: begin again with the rest.</source>
        <translation>Ein anderes Modell wurde gewählt: mit dem Rest neu beginnen.</translation>
    </message>
    <message>
        <source>Edit layers or frames</source>
        <translation>Ebenen oder Einzelbilder ändern</translation>
    </message>
    <message>
        <source>All in one group on top</source>
        <translation>Alles in einer Gruppe obenauf</translation>
    </message>
    <message>
        <source>One undo step. Otherwise each edit lies above its layer, an undo step each.</source>
        <translation>Ein Rückgängig-Schritt. Sonst liegt jede Änderung über ihrer Ebene, mit je einem Schritt.</translation>
    </message>
    <message>
        <source>What is left out is told here.</source>
        <translation>Was ausgelassen wird, steht hier.</translation>
    </message>
    <message>
        <source>First frame</source>
        <translation>Erstes Bild</translation>
    </message>
    <message>
        <source>Last frame</source>
        <translation>Letztes Bild</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>to</source>
        <translation>bis</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>Projection of each face</source>
        <translation>Projektion je Gesicht</translation>
    </message>
    <message>
        <source>Selected layers ({n})</source>
        <translation>Ausgewählte Ebenen ({n})</translation>
    </message>
    <message>
        <source>All visible paint layers ({n})</source>
        <translation>Alle sichtbaren Malebenen ({n})</translation>
    </message>
    <message>
        <source>Frames of “{name}” ({n})</source>
        <translation>Bilder von „{name}“ ({n})</translation>
    </message>
    <message>
        <source>Move a slider first: its values are brought to the others.</source>
        <translation>Zuerst einen Regler bewegen: die Werte werden auf die anderen übertragen.</translation>
    </message>
    <message>
        <source>the layer is no longer there</source>
        <translation>die Ebene ist nicht mehr da</translation>
    </message>
    <message>
        <source>the frame is no longer there</source>
        <translation>das Einzelbild ist nicht mehr da</translation>
    </message>
    <message>
        <source>The active layer has no frames: select one that has, then begin again.</source>
        <translation>Die aktive Ebene hat keine Einzelbilder: eine mit Einzelbildern auswählen, dann neu beginnen.</translation>
    </message>
    <message>
        <source>there is nothing on it</source>
        <translation>darauf ist nichts</translation>
    </message>
    <message>
        <source>it is too small for a face</source>
        <translation>zu klein für ein Gesicht</translation>
    </message>
    <message>
        <source>Frame {n}</source>
        <translation>Bild {n}</translation>
    </message>
    <message>
        <source>Preview on the canvas</source>
        <translation>Vorschau auf der Leinwand</translation>
    </message>
    <message>
        <source>Show on the canvas what the sliders do, until you apply it. No layer is added</source>
        <translation>Auf der Leinwand zeigen, was die Regler tun, bis es angewendet wird. Es kommt keine Ebene hinzu</translation>
    </message>
    <message>
        <source>A | now</source>
        <translation>A | jetzt</translation>
    </message>
    <message>
        <source>A</source>
        <translation>A</translation>
    </message>
    <message>
        <source>Show A until you press it again</source>
        <translation>A zeigen, bis erneut gedrückt wird</translation>
    </message>
    <message>
        <source>A to the left of a line: drag it in the preview</source>
        <translation>A links von einer Linie: sie lässt sich in der Vorschau ziehen</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Teilen</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Differenz</translation>
    </message>
    <message>
        <source>Where the face differs from A, and how much</source>
        <translation>Wo und wie stark das Gesicht von A abweicht</translation>
    </message>
    <message>
        <source>A is the face as it is now</source>
        <translation>A ist das Gesicht, wie es jetzt ist</translation>
    </message>
    <message>
        <source>Take this</source>
        <translation>Als A</translation>
    </message>
    <message>
        <source>A is the picture as it was</source>
        <translation>A ist das Bild, wie es war</translation>
    </message>
    <message>
        <source>A: the original</source>
        <translation>A: das Original</translation>
    </message>
    <message>
        <source>A: {words}</source>
        <translation>A: {words}</translation>
    </message>
    <message>
        <source>A: as it was then</source>
        <translation>A: wie es damals war</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>The model that draws the face</source>
        <translation>Das Modell, das das Gesicht zeichnet</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Start the core again</source>
        <translation>Den Kern neu starten</translation>
    </message>
    <message>
        <source>More</source>
        <translation>Mehr</translation>
    </message>
    <message>
        <source>Waiting for a picture</source>
        <translation>Warten auf ein Bild</translation>
    </message>
    <message>
        <source>The core stopped while it was projecting: press Project to try again.</source>
        <translation>Der Kern brach beim Projizieren ab: erneut „Projizieren“ drücken.</translation>
    </message>
    <message>
        <source>The core stopped before the layer was drawn: apply again when it is ready.</source>
        <translation>Der Kern brach ab, ehe die Ebene gezeichnet war: erneut anwenden, sobald er bereit ist.</translation>
    </message>
    <message>
        <source>No model is loaded</source>
        <translation>Kein Modell geladen</translation>
    </message>
    <message>
        <source>No face was found: drag the three handles to the eyes and the mouth, then press Use this place.</source>
        <translation>Kein Gesicht gefunden: die drei Griffe auf Augen und Mund ziehen, dann „Hier verwenden“ drücken.</translation>
    </message>
    <message>
        <source>The core and the plugin do not understand each other: run `anycost plugin install`, then restart Krita.</source>
        <translation>Kern und Modul verstehen einander nicht: `anycost plugin install` ausführen, dann Krita neu starten.</translation>
    </message>
    <message>
        <source>"{label}" takes a number from {low} to {high}, not {value}.</source>
        <translation>„{label}“ nimmt eine Zahl von {low} bis {high}, nicht {value}.</translation>
    </message>
    <message>
        <source>"{path}" is damaged or not a safetensors file: get it again.</source>
        <translation>„{path}“ ist beschädigt oder keine Safetensors-Datei: die Datei neu holen.</translation>
    </message>
    <message>
        <source>"{path}" is not valid JSON: get the pack again.</source>
        <translation>„{path}“ ist kein gültiges JSON: das Paket neu holen.</translation>
    </message>
    <message>
        <source>A library of the core is missing ({what}): install Anycost again.</source>
        <translation>Eine Bibliothek des Kerns fehlt ({what}): Anycost erneut installieren.</translation>
    </message>
    <message>
        <source>Another user's program listens where the core should: end it, then start the core again.</source>
        <translation>Das Programm eines anderen Benutzers belegt den Platz des Kerns: es beenden, dann den Kern neu starten.</translation>
    </message>
    <message>
        <source>Anycost's core is not installed: run `anycost plugin install` in a terminal, then try again.</source>
        <translation>Anycosts Kern ist nicht installiert: `anycost plugin install` im Terminal ausführen, dann erneut versuchen.</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>Verbunden</translation>
    </message>
    <message>
        <source>Connecting to the core…</source>
        <translation>Verbinden mit dem Kern…</translation>
    </message>
    <message>
        <source>Eyes and mouth lie in one place: drag the handles apart and try again.</source>
        <translation>Augen und Mund liegen aufeinander: die Griffe auseinanderziehen und erneut versuchen.</translation>
    </message>
    <message>
        <source>Eyes and mouths are read roughly so far: for exact ones, get the face networks (⋯ in Krita, `anycost weights get faces` in a terminal), then open the face again.</source>
        <translation>Augen und Münder werden bisher nur grob gelesen: für genaue die Gesichtsnetze holen (in Krita mit ⋯, im Terminal mit `anycost weights get faces`), dann das Gesicht erneut öffnen.</translation>
    </message>
    <message>
        <source>In the pack "{folder}", {file} is damaged (its hash is wrong): get the pack again.</source>
        <translation>Im Paket „{folder}“ ist {file} beschädigt (die Prüfsumme stimmt nicht): das Paket neu holen.</translation>
    </message>
    <message>
        <source>Loading model {n}/3</source>
        <translation>Modell laden {n}/3</translation>
    </message>
    <message>
        <source>Looking for the core…</source>
        <translation>Suche nach dem Kern…</translation>
    </message>
    <message>
        <source>Model unloaded; it comes back with the next edit</source>
        <translation>Modell entladen; es kommt mit der nächsten Änderung wieder</translation>
    </message>
    <message>
        <source>No face was found: show where its eyes and mouth are.</source>
        <translation>Kein Gesicht gefunden: zeigen, wo Augen und Mund sind.</translation>
    </message>
    <message>
        <source>One of the two faces cannot be read well enough to mix them: choose another.</source>
        <translation>Eines der beiden Gesichter ist zum Mischen nicht gut genug lesbar: ein anderes wählen.</translation>
    </message>
    <message>
        <source>Only drawn faces are found so far: for photographs and paintings, get the face networks (⋯ in Krita, `anycost weights get faces` in a terminal), then try again.</source>
        <translation>Bisher werden nur gezeichnete Gesichter gefunden: für Fotos und Gemälde die Gesichtsnetze holen (in Krita mit ⋯, im Terminal mit `anycost weights get faces`), dann erneut versuchen.</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Starting the core…</source>
        <translation>Kern wird gestartet…</translation>
    </message>
    <message>
        <source>The Python that had Anycost's core is gone: run `anycost plugin install` in a terminal again.</source>
        <translation>Das Python mit Anycosts Kern ist fort: `anycost plugin install` erneut im Terminal ausführen.</translation>
    </message>
    <message>
        <source>The connection to the core was closed.</source>
        <translation>Die Verbindung zum Kern wurde geschlossen.</translation>
    </message>
    <message>
        <source>The core and the plugin are of different versions: run `anycost plugin install`, then restart Krita.</source>
        <translation>Kern und Modul haben verschiedene Versionen: `anycost plugin install` ausführen, dann Krita neu starten.</translation>
    </message>
    <message>
        <source>The core closed the connection.</source>
        <translation>Der Kern hat die Verbindung geschlossen.</translation>
    </message>
    <message>
        <source>The core does not answer: in a minute it is started again…</source>
        <translation>Der Kern antwortet nicht: in einer Minute wird er neu gestartet…</translation>
    </message>
    <message>
        <source>The core has no room for this window: trying again…</source>
        <translation>Der Kern hat keinen Platz für dieses Fenster: neuer Versuch…</translation>
    </message>
    <message>
        <source>The core serves {n} programs already: close one of them, then try again.</source>
        <translation>Der Kern bedient schon {n} Programme: eines davon schließen, dann erneut versuchen.</translation>
    </message>
    <message>
        <source>The core does not start: see its report, then start it again.</source>
        <translation>Der Kern startet nicht: in seinen Bericht sehen, dann neu starten.</translation>
    </message>
    <message>
        <source>The core does not take any more work: wait a moment, then try again.</source>
        <translation>Der Kern nimmt keine Arbeit mehr an: kurz warten, dann erneut versuchen.</translation>
    </message>
    <message>
        <source>The core has too much to do: wait until it has answered what it was asked.</source>
        <translation>Der Kern hat zu viel zu tun: warten, bis er beantwortet hat, was er gefragt wurde.</translation>
    </message>
    <message>
        <source>The core is not connected: wait until it has started.</source>
        <translation>Keine Verbindung zum Kern: warten, bis er gestartet ist.</translation>
    </message>
    <message>
        <source>The core knows no method "{method}": it may be older than the panel.</source>
        <translation>Der Kern kennt „{method}“ nicht: vielleicht ist er älter als das Modul.</translation>
    </message>
    <message>
        <source>The core met an error that it did not expect: its log, {path}, tells which.</source>
        <translation>Der Kern stieß auf einen unerwarteten Fehler: sein Protokoll, {path}, nennt ihn.</translation>
    </message>
    <message>
        <source>The core stopped again and again: see its report, then start it again.</source>
        <translation>Der Kern brach immer wieder ab: in seinen Bericht sehen, dann neu starten.</translation>
    </message>
    <message>
        <source>The core stopped: restarting…</source>
        <translation>Der Kern brach ab: Neustart…</translation>
    </message>
    <message>
        <source>The core that runs does not answer: end its process, then start it again.</source>
        <translation>Der laufende Kern antwortet nicht: seinen Prozess beenden, dann neu starten.</translation>
    </message>
    <message>
        <source>The direction "{file}" is left out, since it {reason}: ask its author for another, or remove it.</source>
        <translation>Der Regler „{file}“ bleibt weg, denn die Datei {reason}: den Autor um eine andere bitten oder sie entfernen.</translation>
    </message>
    <message>
        <source>The direction "{file}" {whose} is left out, since it {reason}: ask its author for another, or remove it.</source>
        <translation>Der Regler „{file}“ ({whose}) bleibt weg, denn die Datei {reason}: den Autor um eine andere bitten oder sie entfernen.</translation>
    </message>
    <message>
        <source>The disk is full: free some space, then try again.</source>
        <translation>Die Platte ist voll: Platz schaffen, dann erneut versuchen.</translation>
    </message>
    <message>
        <source>The edit changes nothing here: move a slider, or select a part of the face.</source>
        <translation>Die Änderung bewirkt hier nichts: einen Regler bewegen oder einen Teil des Gesichts auswählen.</translation>
    </message>
    <message>
        <source>The face has not been projected yet: project it first.</source>
        <translation>Das Gesicht ist noch nicht projiziert: zuerst projizieren.</translation>
    </message>
    <message>
        <source>The face is outside the picture: show where its eyes and mouth are.</source>
        <translation>Das Gesicht liegt außerhalb des Bildes: zeigen, wo Augen und Mund sind.</translation>
    </message>
    <message>
        <source>The face networks are damaged: get them again (⋯ in Krita, `anycost weights get faces` in a terminal).</source>
        <translation>Die Gesichtsnetze sind beschädigt: neu holen (in Krita mit ⋯, im Terminal mit `anycost weights get faces`).</translation>
    </message>
    <message>
        <source>The folder {folder} must be one that only you can enter: remove it, then start.</source>
        <translation>Der Ordner {folder} darf für niemand sonst zugänglich sein: ihn entfernen, dann starten.</translation>
    </message>
    <message>
        <source>Another program has opened the model “{title}” in the core: try again to go on with yours.</source>
        <translation>Ein anderes Programm hat im Kern das Modell „{title}“ geöffnet: noch einmal versuchen, um mit dem eigenen weiterzumachen.</translation>
    </message>
    <message>
        <source>Another program uses the model “{title}”: yours comes back with your next edit.</source>
        <translation>Ein anderes Programm benutzt das Modell „{title}“: das eigene kommt mit der nächsten Bearbeitung zurück.</translation>
    </message>
    <message>
        <source>The model was put away while it projected: project again.</source>
        <translation>Das Modell wurde beim Projizieren weggelegt: neu projizieren.</translation>
    </message>
    <message>
        <source>The pack "{pack}" has no edit called "{name}": it has {have}.</source>
        <translation>Das Paket „{pack}“ hat keine Änderung „{name}“, nur {have}.</translation>
    </message>
    <message>
        <source>A network of the pack is refused, since {reason}: use another pack.</source>
        <translation>Ein Netz des Pakets wird abgelehnt ({reason}): ein anderes Paket verwenden.</translation>
    </message>
    <message>
        <source>A network of the pack takes too long: use another pack, or try again when less else runs.</source>
        <translation>Ein Netz des Pakets braucht zu lange: ein anderes Paket verwenden, oder erneut versuchen, wenn weniger anderes läuft.</translation>
    </message>
    <message>
        <source>The pack in "{folder}" cannot be used: {what}</source>
        <translation>Das Paket in „{folder}“ ist unbrauchbar: {what}</translation>
    </message>
    <message>
        <source>The pack in "{folder}" has no {file}, which its pack.json lists: get the pack again.</source>
        <translation>Dem Paket in „{folder}“ fehlt {file}, das seine pack.json nennt: das Paket neu holen.</translation>
    </message>
    <message>
        <source>The pack in "{folder}" was replaced or removed while it was open: choose it again.</source>
        <translation>Das Paket in „{folder}“ wurde ersetzt oder entfernt, während es offen war: es neu wählen.</translation>
    </message>
    <message>
        <source>The panel speaks protocol {mine}, the core {other}: install both from the same release.</source>
        <translation>Das Modul spricht Protokoll {mine}, der Kern {other}: beide aus derselben Ausgabe installieren.</translation>
    </message>
    <message>
        <source>The picture is empty: everything in it is transparent.</source>
        <translation>Das Bild ist leer: alles darin ist durchsichtig.</translation>
    </message>
    <message>
        <source>The picture is no longer open in the core: open it again.</source>
        <translation>Das Bild ist im Kern nicht mehr offen: es erneut öffnen.</translation>
    </message>
    <message>
        <source>The saved projection does not fit the pack "{pack}": project again.</source>
        <translation>Die gespeicherte Projektion passt nicht zum Paket „{pack}“: neu projizieren.</translation>
    </message>
    <message>
        <source>There is no pack "{pack}": give its folder, or an installed name ({have}).</source>
        <translation>Es gibt kein Paket „{pack}“: seinen Ordner oder einen installierten Namen angeben ({have}).</translation>
    </message>
    <message>
        <source>There is not enough memory: close other programs or pictures, or choose a lower quality.</source>
        <translation>Der Speicher reicht nicht: andere Programme oder Bilder schließen oder eine niedrigere Güte wählen.</translation>
    </message>
    <message>
        <source>This picture is being projected already: cancel that first.</source>
        <translation>Dieses Bild wird bereits projiziert: das zuerst abbrechen.</translation>
    </message>
    <message>
        <source>The model cannot draw this face so (its values overflow): move the sliders back, or choose another one.</source>
        <translation>Das Modell kann dieses Gesicht so nicht zeichnen (seine Werte laufen über): Regler zurückstellen oder ein anderes wählen.</translation>
    </message>
    <message>
        <source>This picture is far from what this pack draws: edits of shape and colour work, {labels} only a little.</source>
        <translation>Dieses Bild ist weit von dem entfernt, was das Paket zeichnet: Form und Farbe lassen sich ändern, {labels} nur wenig.</translation>
    </message>
    <message>
        <source>This picture is far from what this pack draws: edits of shape and colour work.</source>
        <translation>Dieses Bild ist weit von dem entfernt, was das Paket zeichnet: Form und Farbe lassen sich ändern.</translation>
    </message>
    <message>
        <source>This picture is far from what this pack draws: mix in a face of a picture, not a made-up one.</source>
        <translation>Dieses Bild ist weit von dem entfernt, was das Paket zeichnet: ein Gesicht aus einem Bild einmischen, kein erfundenes.</translation>
    </message>
    <message>
        <source>{path} cannot be read: run `anycost plugin install` in a terminal to write it again.</source>
        <translation>{path} ist nicht lesbar: `anycost plugin install` im Terminal ausführen, um die Datei neu zu schreiben.</translation>
    </message>
    <message>
        <source>{width} x {height} px is too large (at most {side} a side, 64 megapixels): select a part.</source>
        <translation>{width} × {height} px sind zu groß (höchstens {side} je Seite, 64 Megapixel): einen Teil auswählen.</translation>
    </message>
    <message>
        <source>Show or hide these sliders</source>
        <translation>Diese Regler zeigen oder verbergen</translation>
    </message>
    <message>
        <source>{name}, value</source>
        <translation>{name}, Wert</translation>
    </message>
    <message>
        <source>{name}: double-click for zero</source>
        <translation>{name}: Doppelklick für null</translation>
    </message>
    <message>
        <source>{name}: drag it, press arrow keys, write a number, or double-click for zero</source>
        <translation>{name}: ziehen, Pfeiltasten drücken, Zahl eingeben oder Doppelklick für null</translation>
    </message>
    <message>
        <source>This edit does not work on this picture</source>
        <translation>Diese Änderung wirkt auf dieses Bild nicht</translation>
    </message>
    <message>
        <source>Project the face</source>
        <translation>Gesicht projizieren</translation>
    </message>
    <message>
        <source>Toggle draft quality</source>
        <translation>Entwurfsgüte umschalten</translation>
    </message>
    <message>
        <source>Apply the edit</source>
        <translation>Änderung anwenden</translation>
    </message>
    <message>
        <source>Update the edit's layer</source>
        <translation>Ebene der Änderung erneuern</translation>
    </message>
    <message>
        <source>Next face</source>
        <translation>Nächstes Gesicht</translation>
    </message>
    <message>
        <source>The core's installation…</source>
        <translation>Installation des Kerns…</translation>
    </message>
    <message>
        <source>This layer is no longer in the picture: select another.</source>
        <translation>Diese Ebene ist nicht mehr im Bild: eine andere auswählen.</translation>
    </message>
    <message>
        <source>The picture's size has changed since it was projected: press Project, then apply again.</source>
        <translation>Die Bildgröße hat sich seit dem Projizieren geändert: „Projizieren“ drücken, dann erneut anwenden.</translation>
    </message>
    <message>
        <source>Place the eyes and the mouth</source>
        <translation>Augen und Mund platzieren</translation>
    </message>
    <message>
        <source>1 face: click it to edit</source>
        <translation>1 Gesicht: zum Ändern anklicken</translation>
    </message>
    <message>
        <source>{n} faces: click the one to edit</source>
        <translation>{n} Gesichter: eines anklicken</translation>
    </message>
    <message>
        <source>The picture's faces</source>
        <translation>Die Gesichter des Bildes</translation>
    </message>
    <message>
        <source>The three handles</source>
        <translation>Die drei Griffe</translation>
    </message>
    <message>
        <source>Face {n} of {all}</source>
        <translation>Gesicht {n} von {all}</translation>
    </message>
    <message>
        <source>a guess</source>
        <translation>vermutet</translation>
    </message>
    <message>
        <source>placed by hand</source>
        <translation>von Hand platziert</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>geändert</translation>
    </message>
    <message>
        <source>Place by hand</source>
        <translation>Platzieren</translation>
    </message>
    <message>
        <source>Show where a face is that was not found, or was found in the wrong place</source>
        <translation>Zeigen, wo ein Gesicht ist, das nicht oder am falschen Ort gefunden wurde</translation>
    </message>
    <message>
        <source>Apply all</source>
        <translation>Alle anwenden</translation>
    </message>
    <message>
        <source>Add a layer for each face that is edited</source>
        <translation>Für jedes geänderte Gesicht eine Ebene einfügen</translation>
    </message>
    <message>
        <source>Use this place</source>
        <translation>Hier verwenden</translation>
    </message>
    <message>
        <source>Edit the face at the three handles</source>
        <translation>Das Gesicht an den drei Griffen ändern</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Back to the faces</source>
        <translation>Zurück zu den Gesichtern</translation>
    </message>
    <message>
        <source>Left eye</source>
        <translation>Linkes Auge</translation>
    </message>
    <message>
        <source>Mouth</source>
        <translation>Mund</translation>
    </message>
    <message>
        <source>Right eye</source>
        <translation>Rechtes Auge</translation>
    </message>
    <message>
        <source>Edits that rest for a moment, and those that you apply, are remembered here</source>
        <translation>Hier bleiben Zustände, bei denen die Regler kurz ruhten, und alle angewendeten</translation>
    </message>
    <message>
        <source>Applied: {words}</source>
        <translation>Angewendet: {words}</translation>
    </message>
    <message>
        <source>Go back to it</source>
        <translation>Dorthin zurück</translation>
    </message>
    <message>
        <source>Mix it in</source>
        <translation>Einmischen</translation>
    </message>
    <message>
        <source>Save as a preset…</source>
        <translation>Als Vorlage speichern…</translation>
    </message>
    <message>
        <source>Copy its sliders</source>
        <translation>Regler kopieren</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Discard all</source>
        <translation>Alle verwerfen</translation>
    </message>
    <message>
        <source>The core draws the faces. It fetches about {download}, then {networks} of networks that read faces, and takes {disk} in {place}. Its licence is Apache-2.0; PyTorch and the other libraries are free, too.</source>
        <translation>Der Kern zeichnet die Gesichter. Er lädt etwa {download}, dann {networks} für Netze, die Gesichter lesen, und belegt {disk} in {place}. Seine Lizenz ist Apache-2.0; auch PyTorch und die übrigen Bibliotheken sind frei.</translation>
    </message>
    <message>
        <source>Neither Python 3.10 to 3.13 nor uv was found. Get Python from python.org/downloads or your package manager, or uv from docs.astral.sh/uv.</source>
        <translation>Weder Python 3.10 bis 3.13 noch uv gefunden. Python gibt es auf python.org/downloads oder in der Paketverwaltung, uv auf docs.astral.sh/uv.</translation>
    </message>
    <message>
        <source>The core is version {old}, this panel {new}. The new core comes with the panel.</source>
        <translation>Der Kern hat Version {old}, dieses Modul {new}. Der neue Kern liegt dem Modul bei.</translation>
    </message>
    <message>
        <source>The core is in {place}. Repairing installs it anew; your packs and settings stay.</source>
        <translation>Der Kern liegt in {place}. Reparieren installiert ihn neu; Pakete und Einstellungen bleiben.</translation>
    </message>
    <message>
        <source>Build of PyTorch</source>
        <translation>Ausgabe von PyTorch</translation>
    </message>
    <message>
        <source>From a folder…</source>
        <translation>Aus Ordner…</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>Entfernen…</translation>
    </message>
    <message>
        <source>Without a network: choose a folder with the wheels</source>
        <translation>Ohne Netz: einen Ordner mit den Wheels wählen</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Anycost needs its core</source>
        <translation>Anycost braucht seinen Kern</translation>
    </message>
    <message>
        <source>Install the core</source>
        <translation>Kern installieren</translation>
    </message>
    <message>
        <source>The core is not installed</source>
        <translation>Der Kern ist nicht installiert</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Erneut suchen</translation>
    </message>
    <message>
        <source>Python is missing</source>
        <translation>Python fehlt</translation>
    </message>
    <message>
        <source>Installing the core</source>
        <translation>Kern wird installiert</translation>
    </message>
    <message>
        <source>Removing the core</source>
        <translation>Kern wird entfernt</translation>
    </message>
    <message>
        <source>A newer core</source>
        <translation>Ein neuerer Kern</translation>
    </message>
    <message>
        <source>Update the core</source>
        <translation>Kern aktualisieren</translation>
    </message>
    <message>
        <source>The core does not start</source>
        <translation>Der Kern startet nicht</translation>
    </message>
    <message>
        <source>Repair the core</source>
        <translation>Kern reparieren</translation>
    </message>
    <message>
        <source>The core</source>
        <translation>Der Kern</translation>
    </message>
    <message>
        <source>A folder with the wheels</source>
        <translation>Ein Ordner mit den Wheels</translation>
    </message>
    <message>
        <source>The core works, but reads eyes and mouths roughly. {why}</source>
        <translation>Der Kern läuft, liest Augen und Münder aber nur grob. {why}</translation>
    </message>
    <message>
        <source>Faces are read exactly from now on: open those again that you have open.</source>
        <translation>Gesichter werden von nun an genau gelesen: schon geöffnete bitte erneut öffnen.</translation>
    </message>
    <message>
        <source>The face networks are missing</source>
        <translation>Die Gesichtsnetze fehlen</translation>
    </message>
    <message>
        <source>The face networks are here</source>
        <translation>Die Gesichtsnetze sind da</translation>
    </message>
    <message>
        <source>Getting the face networks</source>
        <translation>Gesichtsnetze werden geholt</translation>
    </message>
    <message>
        <source>Get the face networks</source>
        <translation>Gesichtsnetze holen</translation>
    </message>
    <message>
        <source>Downloading the face networks…</source>
        <translation>Gesichtsnetze werden geladen…</translation>
    </message>
    <message>
        <source>Taking the face networks…</source>
        <translation>Gesichtsnetze werden übernommen…</translation>
    </message>
    <message>
        <source>The folder has no wheel of mediapipe (any system's will do): add it, then press Try again.</source>
        <translation>Im Ordner fehlt das Wheel von mediapipe (gleich für welches System): hinzufügen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>The folder has another mediapipe than the one that Anycost knows: see the log, then press Try again.</source>
        <translation>Im Ordner liegt ein anderes mediapipe als das, das Anycost kennt: das Protokoll ansehen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>Remove the core</source>
        <translation>Kern entfernen</translation>
    </message>
    <message>
        <source>Delete the core and its libraries? Your packs, presets and pictures stay.</source>
        <translation>Den Kern und seine Bibliotheken löschen? Pakete, Vorlagen und Bilder bleiben.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>The installation's log</source>
        <translation>Protokoll der Installation</translation>
    </message>
    <message>
        <source>The disk is full: free some space, then press Try again.</source>
        <translation>Die Platte ist voll: Platz schaffen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>The proxy refused the connection: check the proxy in your system's settings, then press Try again.</source>
        <translation>Der Proxy lehnte die Verbindung ab: den Proxy in den Systemeinstellungen prüfen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>The server's certificate is not trusted, as behind some companies' proxies: set PIP_CERT to theirs, or install from a folder.</source>
        <translation>Dem Zertifikat des Servers wird nicht vertraut, wie hinter manchen Firmen-Proxys: PIP_CERT auf deren Zertifikat setzen oder aus einem Ordner installieren.</translation>
    </message>
    <message>
        <source>The package index cannot be reached: check your connection or proxy, or install from a folder.</source>
        <translation>Der Paketindex ist nicht erreichbar: Verbindung oder Proxy prüfen oder aus einem Ordner installieren.</translation>
    </message>
    <message>
        <source>{folder} cannot be written: correct its permissions, then press Try again.</source>
        <translation>{folder} ist nicht beschreibbar: die Rechte berichtigen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>A file arrived damaged: press Try again.</source>
        <translation>Eine Datei kam beschädigt an: „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>The folder has no wheel of {name} for this Python: add it, then press Try again.</source>
        <translation>Im Ordner fehlt ein Wheel von {name} für dieses Python: es hinzufügen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>{name} is not offered for this computer and its Python: install Python 3.12, then press Try again.</source>
        <translation>{name} gibt es nicht für diesen Rechner und sein Python: Python 3.12 installieren, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>The Python that was found cannot make environments: install python3-venv, then press Try again.</source>
        <translation>Das gefundene Python kann keine Umgebungen anlegen: python3-venv installieren, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>The installation stopped ({why}): see its log, then press Try again.</source>
        <translation>Die Installation brach ab ({why}): ins Protokoll sehen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>{name}: {done} of {total} MB</source>
        <translation>{name}: {done} von {total} MB</translation>
    </message>
    <message>
        <source>Downloading {name}…</source>
        <translation>{name} laden…</translation>
    </message>
    <message>
        <source>Installing {n} packages…</source>
        <translation>{n} Pakete installieren…</translation>
    </message>
    <message>
        <source>it said nothing</source>
        <translation>keine Angabe</translation>
    </message>
    <message>
        <source>This plugin came without the core: import the zip that `anycost plugin package` writes, or run `anycost plugin install` in a terminal.</source>
        <translation>Dieses Modul kam ohne den Kern: die Zip-Datei von `anycost plugin package` importieren oder `anycost plugin install` im Terminal ausführen.</translation>
    </message>
    <message>
        <source>Another Krita is installing the core: wait until it is done.</source>
        <translation>Ein anderes Krita installiert den Kern gerade: warten, bis es fertig ist.</translation>
    </message>
    <message>
        <source>The system ended the installation: close other programs, then press Try again.</source>
        <translation>Das System hat die Installation beendet: andere Programme schließen, dann „Erneut versuchen“ drücken.</translation>
    </message>
    <message>
        <source>Looking for Python…</source>
        <translation>Suche nach Python…</translation>
    </message>
    <message>
        <source>Removing the core…</source>
        <translation>Kern wird entfernt…</translation>
    </message>
    <message>
        <source>For any computer</source>
        <translation>Für jeden Rechner</translation>
    </message>
    <message>
        <source>For an NVIDIA card</source>
        <translation>Für NVIDIA-Karten</translation>
    </message>
    <message>
        <source>Making a Python environment…</source>
        <translation>Python-Umgebung anlegen…</translation>
    </message>
    <message>
        <source>Getting pip…</source>
        <translation>pip holen…</translation>
    </message>
    <message>
        <source>Downloading PyTorch…</source>
        <translation>PyTorch laden…</translation>
    </message>
    <message>
        <source>Downloading the core's libraries…</source>
        <translation>Bibliotheken des Kerns laden…</translation>
    </message>
    <message>
        <source>Installing the core and its libraries…</source>
        <translation>Kern und Bibliotheken installieren…</translation>
    </message>
    <message>
        <source>Looking whether the core starts…</source>
        <translation>Prüfen, ob der Kern startet…</translation>
    </message>
    <message>
        <source>The picture was scaled, or cut through this layer, since then: press Project and add a new layer.</source>
        <translation>Das Bild wurde seither skaliert oder durch diese Ebene hindurch beschnitten: „Projizieren“ drücken und eine neue Ebene einfügen.</translation>
    </message>
    <message>
        <source>Smile</source>
        <translation>Lächeln</translation>
    </message>
    <message>
        <source>Open mouth</source>
        <translation>Mund auf</translation>
    </message>
    <message>
        <source>Open eyes</source>
        <translation>Augen auf</translation>
    </message>
    <message>
        <source>Raise brows</source>
        <translation>Brauen hoch</translation>
    </message>
    <message>
        <source>Frown</source>
        <translation>Stirn runzeln</translation>
    </message>
    <message>
        <source>Turn head</source>
        <translation>Kopf drehen</translation>
    </message>
    <message>
        <source>Nod</source>
        <translation>Nicken</translation>
    </message>
    <message>
        <source>Look sideways</source>
        <translation>Seitenblick</translation>
    </message>
    <message>
        <source>Age</source>
        <translation>Alter</translation>
    </message>
    <message>
        <source>Masculine</source>
        <translation>Männlich</translation>
    </message>
    <message>
        <source>Skin tone</source>
        <translation>Hautton</translation>
    </message>
    <message>
        <source>Face width</source>
        <translation>Gesichtsbreite</translation>
    </message>
    <message>
        <source>Square jaw</source>
        <translation>Eckiges Kinn</translation>
    </message>
    <message>
        <source>Nose size</source>
        <translation>Nasengröße</translation>
    </message>
    <message>
        <source>Eye size</source>
        <translation>Augengröße</translation>
    </message>
    <message>
        <source>Full lips</source>
        <translation>Volle Lippen</translation>
    </message>
    <message>
        <source>Hair length</source>
        <translation>Haarlänge</translation>
    </message>
    <message>
        <source>Straight hair</source>
        <translation>Glattes Haar</translation>
    </message>
    <message>
        <source>Light hair</source>
        <translation>Helles Haar</translation>
    </message>
    <message>
        <source>Black hair</source>
        <translation>Schwarzes Haar</translation>
    </message>
    <message>
        <source>Grey hair</source>
        <translation>Graues Haar</translation>
    </message>
    <message>
        <source>Bangs</source>
        <translation>Pony</translation>
    </message>
    <message>
        <source>Beard</source>
        <translation>Bart</translation>
    </message>
    <message>
        <source>Glasses</source>
        <translation>Brille</translation>
    </message>
    <message>
        <source>Earrings</source>
        <translation>Ohrringe</translation>
    </message>
    <message>
        <source>Lipstick</source>
        <translation>Lippenstift</translation>
    </message>
    <message>
        <source>Eye colour</source>
        <translation>Augenfarbe</translation>
    </message>
    <message>
        <source>Light from the side</source>
        <translation>Seitenlicht</translation>
    </message>
    <message>
        <source>Warm light</source>
        <translation>Warmes Licht</translation>
    </message>
    <message>
        <source>Smile, left</source>
        <translation>Lächeln, links</translation>
    </message>
    <message>
        <source>Smile, right</source>
        <translation>Lächeln, rechts</translation>
    </message>
    <message>
        <source>Left brow</source>
        <translation>Linke Braue</translation>
    </message>
    <message>
        <source>Right brow</source>
        <translation>Rechte Braue</translation>
    </message>
    <message>
        <source>Left eye</source>
        <translation>Linkes Auge</translation>
    </message>
    <message>
        <source>Right eye</source>
        <translation>Rechtes Auge</translation>
    </message>
    <message>
        <source>Squint</source>
        <translation>Augen zusammenkneifen</translation>
    </message>
    <message>
        <source>Worried brows</source>
        <translation>Sorgenvolle Brauen</translation>
    </message>
    <message>
        <source>Wrinkle nose</source>
        <translation>Nase rümpfen</translation>
    </message>
    <message>
        <source>Pucker lips</source>
        <translation>Kussmund</translation>
    </message>
    <message>
        <source>Mouth to the side</source>
        <translation>Mund zur Seite</translation>
    </message>
    <message>
        <source>Look up</source>
        <translation>Blick nach oben</translation>
    </message>
    <message>
        <source>Long face</source>
        <translation>Langes Gesicht</translation>
    </message>
    <message>
        <source>Full cheeks</source>
        <translation>Volle Wangen</translation>
    </message>
    <message>
        <source>Long chin</source>
        <translation>Langes Kinn</translation>
    </message>
    <message>
        <source>Broad chin</source>
        <translation>Breites Kinn</translation>
    </message>
    <message>
        <source>Broad nose</source>
        <translation>Breite Nase</translation>
    </message>
    <message>
        <source>Long nose</source>
        <translation>Lange Nase</translation>
    </message>
    <message>
        <source>Turned-up nose</source>
        <translation>Stupsnase</translation>
    </message>
    <message>
        <source>Eyes apart</source>
        <translation>Augenabstand</translation>
    </message>
    <message>
        <source>Slanted eyes</source>
        <translation>Schräge Augen</translation>
    </message>
    <message>
        <source>Wide mouth</source>
        <translation>Breiter Mund</translation>
    </message>
    <message>
        <source>Low mouth</source>
        <translation>Tiefer Mund</translation>
    </message>
    <message>
        <source>Full upper lip</source>
        <translation>Volle Oberlippe</translation>
    </message>
    <message>
        <source>Left and right are as you see them</source>
        <translation>Links und rechts vom Betrachter aus</translation>
    </message>
    <message>
        <source>Lighter paint</source>
        <translation>Hellerer Lack</translation>
    </message>
    <message>
        <source>Red paint</source>
        <translation>Roter Lack</translation>
    </message>
    <message>
        <source>Yellow paint</source>
        <translation>Gelber Lack</translation>
    </message>
    <message>
        <source>Black roof</source>
        <translation>Schwarzes Dach</translation>
    </message>
    <message>
        <source>Chrome</source>
        <translation>Chrom</translation>
    </message>
    <message>
        <source>Dark windows</source>
        <translation>Dunkle Scheiben</translation>
    </message>
    <message>
        <source>Saloon</source>
        <translation>Stufenheck</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>Länge</translation>
    </message>
    <message>
        <source>High roof</source>
        <translation>Hohes Dach</translation>
    </message>
    <message>
        <source>Long bonnet</source>
        <translation>Lange Haube</translation>
    </message>
    <message>
        <source>Slanted windscreen</source>
        <translation>Schräge Scheibe</translation>
    </message>
    <message>
        <source>High doors</source>
        <translation>Hohe Türen</translation>
    </message>
    <message>
        <source>Ground clearance</source>
        <translation>Bodenfreiheit</translation>
    </message>
    <message>
        <source>Plastic sills</source>
        <translation>Kunststoffschweller</translation>
    </message>
    <message>
        <source>Large wheels</source>
        <translation>Große Räder</translation>
    </message>
    <message>
        <source>Wide spokes</source>
        <translation>Breite Speichen</translation>
    </message>
    <message>
        <source>Bright rims</source>
        <translation>Helle Felgen</translation>
    </message>
    <message>
        <source>Turn</source>
        <translation>Drehen</translation>
    </message>
    <message>
        <source>From above</source>
        <translation>Von oben</translation>
    </message>
    <message>
        <source>Daylight</source>
        <translation>Tageslicht</translation>
    </message>
    <message>
        <source>Light from the right</source>
        <translation>Licht rechts</translation>
    </message>
    <message>
        <source>Lamps</source>
        <translation>Lampen</translation>
    </message>
    <message>
        <source>Expression</source>
        <translation>Ausdruck</translation>
    </message>
    <message>
        <source>Pose</source>
        <translation>Haltung</translation>
    </message>
    <message>
        <source>Person</source>
        <translation>Person</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>Form</translation>
    </message>
    <message>
        <source>Hair</source>
        <translation>Haar</translation>
    </message>
    <message>
        <source>Extras</source>
        <translation>Zubehör</translation>
    </message>
    <message>
        <source>Make-up</source>
        <translation>Make-up</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Licht</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <source>Wheels</source>
        <translation>Räder</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Ansicht</translation>
    </message>
    <message>
        <source>Attributes</source>
        <translation>Merkmale</translation>
    </message>
    <message>
        <source>Imported</source>
        <translation>Importiert</translation>
    </message>
    <message>
        <source>Discovered</source>
        <translation>Entdeckt</translation>
    </message>
    <message>
        <source>On top</source>
        <translation>Obenauf</translation>
    </message>
    <message>
        <source>Above the active layer</source>
        <translation>Über der aktiven Ebene</translation>
    </message>
    <message>
        <source>In a group with a mask</source>
        <translation>In einer Gruppe mit Maske</translation>
    </message>
    <message>
        <source>A new layer goes over all others</source>
        <translation>Eine neue Ebene kommt über alle anderen</translation>
    </message>
    <message>
        <source>A new layer goes over the active one; Project reads what lies up to that one</source>
        <translation>Eine neue Ebene kommt über die aktive; Projizieren liest, was bis zu dieser reicht</translation>
    </message>
    <message>
        <source>A new layer goes into a group on top, whose mask is what is selected</source>
        <translation>Eine neue Ebene kommt in eine Gruppe obenauf, mit der Auswahl als Maske</translation>
    </message>
    <message>
        <source>Project another face to take something of it: a second one here, or one in another picture</source>
        <translation>Ein weiteres Gesicht projizieren, um etwas davon zu nehmen: ein zweites hier oder eines in einem anderen Bild</translation>
    </message>
    <message>
        <source>This picture is far from what the pack draws: a made-up face cannot be mixed in</source>
        <translation>Dieses Bild ist weit von dem entfernt, was das Paket zeichnet: ein erfundenes Gesicht lässt sich nicht einmischen</translation>
    </message>
    <message>
        <source>Mix in nothing</source>
        <translation>Nichts einmischen</translation>
    </message>
    <message>
        <source>Faces to take from</source>
        <translation>Gesichter zum Einmischen</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>Features</source>
        <translation>Züge</translation>
    </message>
    <message>
        <source>Turn, shape</source>
        <translation>Haltung</translation>
    </message>
    <message>
        <source>Mix in a face that is made up</source>
        <translation>Ein erfundenes Gesicht einmischen</translation>
    </message>
    <message>
        <source>Face {n}</source>
        <translation>Gesicht {n}</translation>
    </message>
    <message>
        <source>Choose a face to take from</source>
        <translation>Gesicht wählen, von dem etwas kommt</translation>
    </message>
    <message>
        <source>From the history: {words}</source>
        <translation>Aus dem Verlauf: {words}</translation>
    </message>
    <message>
        <source>From made-up face {n}</source>
        <translation>Vom erfundenen Gesicht {n}</translation>
    </message>
    <message>
        <source>From face {n}</source>
        <translation>Von Gesicht {n}</translation>
    </message>
    <message>
        <source>All of it</source>
        <translation>Ganz</translation>
    </message>
    <message>
        <source>Show the whole message, to read or copy</source>
        <translation>Die ganze Meldung zeigen, zum Lesen oder Kopieren</translation>
    </message>
    <message>
        <source>Copy the full message</source>
        <translation>Die ganze Meldung kopieren</translation>
    </message>
    <message>
        <source>Put this message away</source>
        <translation>Diese Meldung schließen</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>Krita could not write the layer: save your work, make room in memory and on disk, then apply again.</source>
        <translation>Krita konnte die Ebene nicht schreiben: die Arbeit sichern, Arbeits- und Plattenspeicher freigeben, dann erneut anwenden.</translation>
    </message>
    <message>
        <source>Preview in a window</source>
        <translation>Vorschau als Fenster</translation>
    </message>
    <message>
        <source>Edit layers or frames…</source>
        <translation>Ebenen oder Bilder ändern…</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>Einstellungen…</translation>
    </message>
    <message>
        <source>Free the core's memory</source>
        <translation>Speicher des Kerns freigeben</translation>
    </message>
    <message>
        <source>Show the core's log</source>
        <translation>Protokoll des Kerns zeigen</translation>
    </message>
    <message>
        <source>Copy a report</source>
        <translation>Bericht kopieren</translation>
    </message>
    <message>
        <source>Save a report…</source>
        <translation>Bericht speichern…</translation>
    </message>
    <message>
        <source>The core has not said anything yet.</source>
        <translation>Der Kern hat noch nichts gemeldet.</translation>
    </message>
    <message>
        <source>The core's log</source>
        <translation>Protokoll des Kerns</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Save a report</source>
        <translation>Bericht speichern</translation>
    </message>
    <message>
        <source>The report could not be written ({reason}): choose another place.</source>
        <translation>Der Bericht ließ sich nicht schreiben ({reason}): einen anderen Ort wählen.</translation>
    </message>
    <message>
        <source>The selection is empty or beside the picture: select a part of the picture, or deselect.</source>
        <translation>Die Auswahl ist leer oder liegt neben dem Bild: einen Teil des Bildes auswählen oder die Auswahl aufheben.</translation>
    </message>
    <message>
        <source>The picture is empty: open another one.</source>
        <translation>Das Bild ist leer: ein anderes öffnen.</translation>
    </message>
    <message>
        <source>The selection is {width} × {height} px, a face needs {least}: select a larger area.</source>
        <translation>Die Auswahl hat {width} × {height} px, ein Gesicht braucht {least}: einen größeren Bereich auswählen.</translation>
    </message>
    <message>
        <source>The picture is {width} × {height} px, a face needs {least}: open a larger picture.</source>
        <translation>Das Bild hat {width} × {height} px, ein Gesicht braucht {least}: ein größeres öffnen.</translation>
    </message>
    <message>
        <source>The picture was closed or resized while it was read: press Project again.</source>
        <translation>Das Bild wurde beim Lesen geschlossen oder skaliert: erneut „Projizieren“ drücken.</translation>
    </message>
    <message>
        <source>“{name}” is locked: unlock it in Krita's layers, or choose another place.</source>
        <translation>„{name}“ ist gesperrt: in Kritas Ebenen entsperren oder einen anderen Ort wählen.</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Änderung</translation>
    </message>
    <message>
        <source>Selected part</source>
        <translation>Ausgewählter Teil</translation>
    </message>
    <message>
        <source>Krita could not make a group with a mask: choose another place for the layer.</source>
        <translation>Krita konnte keine Gruppe mit Maske anlegen: einen anderen Ort für die Ebene wählen.</translation>
    </message>
    <message>
        <source>selection</source>
        <translation>Auswahl</translation>
    </message>
    <message>
        <source>Pass {n}/{all}</source>
        <translation>Durchgang {n}/{all}</translation>
    </message>
    <message>
        <source>Projecting…</source>
        <translation>Projizieren…</translation>
    </message>
    <message>
        <source>Finishing the face…</source>
        <translation>Gesicht wird fertig…</translation>
    </message>
    <message>
        <source>loss {loss}</source>
        <translation>Verlust {loss}</translation>
    </message>
    <message>
        <source>Projecting {n}/{all}</source>
        <translation>Projizieren {n}/{all}</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>There is a preset “{name}”: replace it?</source>
        <translation>Es gibt schon eine Vorlage „{name}“: ersetzen?</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>{name} is from a newer Anycost: update this one first.</source>
        <translation>{name} stammt von einem neueren Anycost: zuerst dieses aktualisieren.</translation>
    </message>
    <message>
        <source>{name} cannot be read ({reason}): choose another file.</source>
        <translation>{name} ist nicht lesbar ({reason}): eine andere Datei wählen.</translation>
    </message>
    <message>
        <source>{name} holds no presets: choose a file that was exported here.</source>
        <translation>{name} enthält keine Vorlagen: eine hier exportierte Datei wählen.</translation>
    </message>
    <message>
        <source>The preset could not be written ({reason}): free some space.</source>
        <translation>Die Vorlage ließ sich nicht schreiben ({reason}): Platz schaffen.</translation>
    </message>
    <message>
        <source>Warm smile</source>
        <translation>Warmes Lächeln</translation>
    </message>
    <message>
        <source>Laughing</source>
        <translation>Lachend</translation>
    </message>
    <message>
        <source>Surprised</source>
        <translation>Überrascht</translation>
    </message>
    <message>
        <source>Angry</source>
        <translation>Zornig</translation>
    </message>
    <message>
        <source>Sad</source>
        <translation>Traurig</translation>
    </message>
    <message>
        <source>Sleepy</source>
        <translation>Schläfrig</translation>
    </message>
    <message>
        <source>Smirk</source>
        <translation>Schmunzeln</translation>
    </message>
    <message>
        <source>Wink</source>
        <translation>Zwinkern</translation>
    </message>
    <message>
        <source>Eyes shut</source>
        <translation>Augen zu</translation>
    </message>
    <message>
        <source>Kiss</source>
        <translation>Kuss</translation>
    </message>
    <message>
        <source>Worried</source>
        <translation>Besorgt</translation>
    </message>
    <message>
        <source>Disgusted</source>
        <translation>Angewidert</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>Älter</translation>
    </message>
    <message>
        <source>Younger</source>
        <translation>Jünger</translation>
    </message>
    <message>
        <source>Doll</source>
        <translation>Puppe</translation>
    </message>
    <message>
        <source>Hero</source>
        <translation>Held</translation>
    </message>
    <message>
        <source>Evening make-up</source>
        <translation>Abend-Make-up</translation>
    </message>
    <message>
        <source>Golden hour</source>
        <translation>Goldene Stunde</translation>
    </message>
    <message>
        <source>Moonlight</source>
        <translation>Mondlicht</translation>
    </message>
    <message>
        <source>Search presets and sliders</source>
        <translation>Vorlagen und Regler suchen</translation>
    </message>
    <message>
        <source>Save the sliders as a preset</source>
        <translation>Die Regler als Vorlage speichern</translation>
    </message>
    <message>
        <source>More about presets</source>
        <translation>Mehr zu Vorlagen</translation>
    </message>
    <message>
        <source>Presets</source>
        <translation>Vorlagen</translation>
    </message>
    <message>
        <source>A preset is made of sliders: move one first.</source>
        <translation>Eine Vorlage besteht aus Reglern: zuerst einen bewegen.</translation>
    </message>
    <message>
        <source>Save as a preset</source>
        <translation>Als Vorlage speichern</translation>
    </message>
    <message>
        <source>Export my presets…</source>
        <translation>Eigene exportieren…</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>Importieren…</translation>
    </message>
    <message>
        <source>Favourite</source>
        <translation>Favorit</translation>
    </message>
    <message>
        <source>No longer a favourite</source>
        <translation>Kein Favorit mehr</translation>
    </message>
    <message>
        <source>Rename…</source>
        <translation>Umbenennen…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportieren…</translation>
    </message>
    <message>
        <source>Rename the preset</source>
        <translation>Vorlage umbenennen</translation>
    </message>
    <message>
        <source>Import presets</source>
        <translation>Vorlagen importieren</translation>
    </message>
    <message>
        <source>There are no presets of yours yet: save one first.</source>
        <translation>Noch keine eigenen Vorlagen: zuerst eine speichern.</translation>
    </message>
    <message>
        <source>Export presets</source>
        <translation>Vorlagen exportieren</translation>
    </message>
    <message>
        <source>Preview of the face</source>
        <translation>Vorschau des Gesichts</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Stop here and keep the face as it is now</source>
        <translation>Hier aufhören und das Gesicht behalten, wie es jetzt ist</translation>
    </message>
    <message>
        <source>Project the picture</source>
        <translation>Bild projizieren</translation>
    </message>
    <message>
        <source>Project the selection</source>
        <translation>Auswahl projizieren</translation>
    </message>
    <message>
        <source>Open a picture first</source>
        <translation>Zuerst ein Bild öffnen</translation>
    </message>
    <message>
        <source>A face is on its way: wait for it, or press Cancel</source>
        <translation>Ein Gesicht ist unterwegs: warten oder „Abbrechen“ drücken</translation>
    </message>
    <message>
        <source>Find the faces in the selection's box, and bring the one to edit into the generator's reach; nothing is painted yet</source>
        <translation>Die Gesichter im Rahmen der Auswahl finden und das gewünschte für den Generator erreichbar machen; gemalt wird noch nichts</translation>
    </message>
    <message>
        <source>Find the faces in the whole picture, and bring the one to edit into the generator's reach; nothing is painted yet</source>
        <translation>Die Gesichter im ganzen Bild finden und das gewünschte für den Generator erreichbar machen; gemalt wird noch nichts</translation>
    </message>
    <message>
        <source>Loss: {loss}</source>
        <translation>Verlust: {loss}</translation>
    </message>
    <message>
        <source>Draft</source>
        <translation>Entwurf</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Mittel</translation>
    </message>
    <message>
        <source>Full</source>
        <translation>Voll</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>Auto</translation>
    </message>
    <message>
        <source>Draft: the cheapest generator only, for quick tries</source>
        <translation>Entwurf: nur der schnellste Generator, zum Ausprobieren</translation>
    </message>
    <message>
        <source>Preview: up to a middle size</source>
        <translation>Mittel: bis zu einer mittleren Größe</translation>
    </message>
    <message>
        <source>Full: always up to the full generator</source>
        <translation>Voll: immer bis zum vollen Generator</translation>
    </message>
    <message>
        <source>Auto: rough while a slider moves, full when it rests</source>
        <translation>Auto: grob, solange ein Regler bewegt wird, voll, wenn er ruht</translation>
    </message>
    <message>
        <source>Start the core when Krita starts</source>
        <translation>Den Kern mit Krita starten</translation>
    </message>
    <message>
        <source>The first picture then need not wait. Otherwise the core starts with the first picture.</source>
        <translation>Das erste Bild muss dann nicht warten. Sonst startet der Kern mit dem ersten Bild.</translation>
    </message>
    <message>
        <source>Preview the edit on the canvas</source>
        <translation>Änderung auf der Leinwand zeigen</translation>
    </message>
    <message>
        <source>The edit shows over the picture until it is applied. Until then no layer is added.</source>
        <translation>Die Änderung liegt über dem Bild, bis sie angewendet wird. Bis dahin kommt keine Ebene hinzu.</translation>
    </message>
    <message>
        <source>30 frames a second</source>
        <translation>30 Bilder je Sekunde</translation>
    </message>
    <message>
        <source>12 frames a second</source>
        <translation>12 Bilder je Sekunde</translation>
    </message>
    <message>
        <source>Best in half a second</source>
        <translation>Das beste in ½ Sekunde</translation>
    </message>
    <message>
        <source>5 seconds</source>
        <translation>5 Sekunden</translation>
    </message>
    <message>
        <source>20 seconds</source>
        <translation>20 Sekunden</translation>
    </message>
    <message>
        <source>{n} seconds</source>
        <translation>{n} Sekunden</translation>
    </message>
    <message>
        <source>Best in {n} ms</source>
        <translation>Das beste in {n} ms</translation>
    </message>
    <message>
        <source>Until it levels off</source>
        <translation>Bis es nicht besser wird</translation>
    </message>
    <message>
        <source>Anycost settings</source>
        <translation>Anycost einrichten</translation>
    </message>
    <message>
        <source>Projection time</source>
        <translation>Projektionszeit</translation>
    </message>
    <message>
        <source>While dragging</source>
        <translation>Beim Ziehen</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>How long Project may look for a closer likeness</source>
        <translation>Wie lange „Projizieren“ nach größerer Ähnlichkeit suchen darf</translation>
    </message>
    <message>
        <source>While a slider moves in Auto: the best face that keeps up with this</source>
        <translation>Solange sich in „Auto“ ein Regler bewegt: das beste Gesicht, das damit Schritt hält</translation>
    </message>
    <message>
        <source>As the program</source>
        <translation>Wie das Programm</translation>
    </message>
    <message>
        <source>Counts from the next start on</source>
        <translation>Gilt ab dem nächsten Start</translation>
    </message>
    <message>
        <source>Take back the last change of the sliders</source>
        <translation>Die letzte Änderung der Regler zurücknehmen</translation>
    </message>
    <message>
        <source>Make it again</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Presets and search</source>
        <translation>Vorlagen und Suche</translation>
    </message>
    <message>
        <source>Mix with another face</source>
        <translation>Mit einem anderen Gesicht mischen</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleichen</translation>
    </message>
    <message>
        <source>Open a picture to begin</source>
        <translation>Zuerst ein Bild öffnen</translation>
    </message>
    <message>
        <source>Reading the picture…</source>
        <translation>Bild wird gelesen…</translation>
    </message>
    <message>
        <source>Looking for faces…</source>
        <translation>Suche nach Gesichtern…</translation>
    </message>
    <message>
        <source>Opening the face…</source>
        <translation>Gesicht wird geöffnet…</translation>
    </message>
    <message>
        <source>Drawing the layer…</source>
        <translation>Ebene wird gezeichnet…</translation>
    </message>
    <message>
        <source>Drawing…</source>
        <translation>Zeichnen…</translation>
    </message>
    <message>
        <source>Press Project to begin</source>
        <translation>Mit „Projizieren“ beginnen</translation>
    </message>
    <message>
        <source>The core is not running</source>
        <translation>Der Kern läuft nicht</translation>
    </message>
    <message>
        <source>Wait until the core is ready</source>
        <translation>Warten, bis der Kern bereit ist</translation>
    </message>
    <message>
        <source>Mixed</source>
        <translation>Gemischt</translation>
    </message>
    <message>
        <source>Unchanged</source>
        <translation>Unverändert</translation>
    </message>
    <message>
        <source>The core is not ready yet: wait until it is, then click again.</source>
        <translation>Der Kern ist noch nicht bereit: kurz warten, dann erneut klicken.</translation>
    </message>
    <message>
        <source>Show or hide the preview</source>
        <translation>Vorschau zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Original</source>
        <translation>Original</translation>
    </message>
    <message>
        <source>Hold to see the original (or hold the mouse on the preview)</source>
        <translation>Gedrückt halten, um das Original zu sehen (oder die Maus auf der Vorschau)</translation>
    </message>
    <message>
        <source>Faces</source>
        <translation>Gesichter</translation>
    </message>
    <message>
        <source>Show all faces of the picture, to edit another one</source>
        <translation>Alle Gesichter des Bildes zeigen, um ein anderes zu ändern</translation>
    </message>
    <message>
        <source>No picture is open: open one, then press Project.</source>
        <translation>Kein Bild ist geöffnet: eines öffnen, dann „Projizieren“ drücken.</translation>
    </message>
    <message>
        <source>The picture was closed: open it again and press Project.</source>
        <translation>Das Bild wurde geschlossen: es erneut öffnen und „Projizieren“ drücken.</translation>
    </message>
    <message>
        <source>Drop a picture here, or press Ctrl+O</source>
        <translation>Ein Bild hierher ziehen oder Strg+O drücken</translation>
    </message>
    <message>
        <source>&amp;Picture</source>
        <translation>&amp;Bild</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>Ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>&amp;Save as PNG…</source>
        <translation>Als PNG &amp;speichern…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>B&amp;eenden</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>B&amp;earbeiten</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederherstellen</translation>
    </message>
    <message>
        <source>&amp;Face</source>
        <translation>&amp;Gesicht</translation>
    </message>
    <message>
        <source>&amp;Project</source>
        <translation>&amp;Projizieren</translation>
    </message>
    <message>
        <source>Toggle &amp;draft</source>
        <translation>&amp;Entwurf umschalten</translation>
    </message>
    <message>
        <source>&amp;Apply</source>
        <translation>&amp;Anwenden</translation>
    </message>
    <message>
        <source>&amp;Next face</source>
        <translation>&amp;Nächstes Gesicht</translation>
    </message>
    <message>
        <source>the disk may be full</source>
        <translation>vielleicht ist die Platte voll</translation>
    </message>
    <message>
        <source>{path} could not be written ({reason}): choose another place.</source>
        <translation>{path} ließ sich nicht schreiben ({reason}): einen anderen Ort wählen.</translation>
    </message>
    <message>
        <source>Open a picture</source>
        <translation>Bild öffnen</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Save as PNG</source>
        <translation>Als PNG speichern</translation>
    </message>
    <message>
        <source>There is no file {path}: check its name.</source>
        <translation>Die Datei {path} gibt es nicht: den Namen prüfen.</translation>
    </message>
    <message>
        <source>{path} is not a file: give the name of one.</source>
        <translation>{path} ist keine Datei: den Namen einer Datei angeben.</translation>
    </message>
    <message>
        <source>{path} cannot be read: change its permissions.</source>
        <translation>{path} lässt sich nicht lesen: die Zugriffsrechte ändern.</translation>
    </message>
    <message>
        <source>{path} cannot be read ({reason}): give another file.</source>
        <translation>{path} lässt sich nicht lesen ({reason}): eine andere Datei angeben.</translation>
    </message>
    <message>
        <source>{path} has more than 1 GiB: make it smaller or cut out the face.</source>
        <translation>{path} ist größer als 1 GiB: verkleinern oder das Gesicht ausschneiden.</translation>
    </message>
    <message>
        <source>{path} has more than 64 megapixels: make it smaller or cut out the face.</source>
        <translation>{path} hat mehr als 64 Megapixel: verkleinern oder das Gesicht ausschneiden.</translation>
    </message>
    <message>
        <source>{path} is damaged, cut off or of a rare kind: get it whole, or save it as PNG.</source>
        <translation>{path} ist beschädigt, abgeschnitten oder von seltener Art: die ganze Datei besorgen oder als PNG speichern.</translation>
    </message>
    <message>
        <source>{path} cannot be read as a picture: give a PNG, JPEG, WebP, TIFF or BMP file.</source>
        <translation>{path} lässt sich nicht als Bild lesen: eine PNG-, JPEG-, WebP-, TIFF- oder BMP-Datei angeben.</translation>
    </message>
    <message>
        <source>{path} takes more memory than there is for a picture: make it smaller.</source>
        <translation>{path} braucht mehr Speicher, als für ein Bild da ist: verkleinern.</translation>
    </message>
    <message>
        <source>{path} cannot be read: it takes more than {number} s.</source>
        <translation>{path} lässt sich nicht lesen: es dauert länger als {number} s.</translation>
    </message>
    <message>
        <source>{path} cannot be read: it needs more than {number} MiB of memory.</source>
        <translation>{path} lässt sich nicht lesen: es braucht mehr als {number} MiB Speicher.</translation>
    </message>
    <message>
        <source>{path} cannot be read: it makes the program that reads it crash.</source>
        <translation>{path} lässt sich nicht lesen: das Programm, das es liest, stürzt daran ab.</translation>
    </message>
    <message>
        <source>The end of {path} is missing or damaged: some of its rows are empty.</source>
        <translation>Das Ende von {path} fehlt oder ist beschädigt: einige Zeilen sind leer.</translation>
    </message>
    <message>
        <source>{path} is larger than {side} pixels a side: scale it down first.</source>
        <translation>{path} hat mehr als {side} Pixel je Seite: zuerst verkleinern.</translation>
    </message>
    <message>
        <source>What is kept with this layer cannot be read: press Project to begin anew.</source>
        <translation>Was mit dieser Ebene aufbewahrt ist, ist nicht lesbar: mit „Projizieren“ neu beginnen.</translation>
    </message>
    <message>
        <source>This layer was made with the model “{pack}”, which is not installed: install it, then select the layer.</source>
        <translation>Diese Ebene entstand mit dem Modell „{pack}“, das nicht installiert ist: es installieren, dann die Ebene auswählen.</translation>
    </message>
    <message>
        <source>This layer was made with another version of its model: press Project; its sliders are set.</source>
        <translation>Diese Ebene entstand mit einer anderen Version ihres Modells: „Projizieren“ drücken; die Regler sind gesetzt.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>{n} %</source>
        <translation>{n} %</translation>
    </message>
    <message>
        <source>Surprise me</source>
        <translation>Überraschung</translation>
    </message>
    <message>
        <source>Draw other faces near this one; the sliders stay until you click one</source>
        <translation>Andere Gesichter nahe diesem zeichnen; die Regler bleiben, bis eines angeklickt wird</translation>
    </message>
    <message>
        <source>The ones before</source>
        <translation>Die vorigen</translation>
    </message>
    <message>
        <source>What stays as it is</source>
        <translation>Was bleibt, wie es ist</translation>
    </message>
    <message>
        <source>How many</source>
        <translation>Anzahl</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>Stärke</translation>
    </message>
    <message>
        <source>Variations</source>
        <translation>Varianten</translation>
    </message>
    <message>
        <source>What is made up</source>
        <translation>Was erfunden wird</translation>
    </message>
    <message>
        <source>Seed {n}: {words}</source>
        <translation>Startwert {n}: {words}</translation>
    </message>
    <message>
        <source>Take it</source>
        <translation>Nehmen</translation>
    </message>
    <message>
        <source>Apply it</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>More like this</source>
        <translation>Mehr davon</translation>
    </message>
    <message>
        <source>Compare with it</source>
        <translation>Damit vergleichen</translation>
    </message>
    <message>
        <source>and</source>
        <translation>und</translation>
    </message>
</context>
</TS>
